package fsys

// openSearch opens a directory for looking names up in it, which needs the
// right to search it only: O_SEARCH less O_DIRECTORY (sys/fcntl.h), which
// package unix does not have. A macOS that does not know it opens for reading.
const openSearch = 0x40000000
