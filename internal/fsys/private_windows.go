package fsys

import (
	"io/fs"
	"unsafe"

	"golang.org/x/sys/windows"
)

// crowds are those to whom others than this user belong, whoever they are.
var crowds = []windows.WELL_KNOWN_SID_TYPE{
	windows.WinWorldSid, windows.WinAuthenticatedUserSid, windows.WinBuiltinUsersSid, windows.WinBuiltinGuestsSid, windows.WinAnonymousSid,
	windows.WinInteractiveSid, windows.WinNetworkSid, windows.WinLocalSid, windows.WinBatchSid, windows.WinServiceSid,
}

// changes are the rights with which files in a directory can be made, replaced or
// removed, or the right to that be had.
const changes = windows.FILE_WRITE_DATA | windows.FILE_APPEND_DATA | fileDeleteChild | windows.DELETE | windows.WRITE_DAC | windows.WRITE_OWNER |
	windows.GENERIC_WRITE | windows.GENERIC_ALL

const fileDeleteChild = 0x40 // FILE_DELETE_CHILD

// OpenToAll says whether everybody, or everybody of some sort, may change what is
// in the directory, by its access control list. Single users and groups that may
// have been let in on purpose, and so have administrators.
func OpenToAll(dir string) (bool, error) {
	open, err := openToAll(dir)
	if err != nil {
		return true, &fs.PathError{Op: "read the access control list of", Path: dir, Err: err}
	}
	return open, nil
}

func openToAll(dir string) (bool, error) {
	sd, err := windows.GetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return true, err
	}
	list, _, err := sd.DACL()
	if err == windows.ERROR_OBJECT_NOT_FOUND || err == nil && list == nil {
		return true, nil // none at all is all rights for all
	}
	if err != nil {
		return true, err
	}
	for i := range uint32(list.AceCount) {
		var ace *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(list, i, &ace); err != nil {
			return true, err
		}
		// One that is only for what is made below it, as CREATOR OWNER's, is for
		// files of whoever may make them.
		if ace.Header.AceType != windows.ACCESS_ALLOWED_ACE_TYPE || ace.Header.AceFlags&windows.INHERIT_ONLY_ACE != 0 || ace.Mask&changes == 0 {
			continue
		}
		sid := (*windows.SID)(unsafe.Pointer(&ace.SidStart))
		for _, crowd := range crowds {
			if sid.IsWellKnown(crowd) {
				return true, nil
			}
		}
	}
	return false, nil
}
