// Command prng writes the bcryptprimitives.dll that Wine 8 lacks and that Go
// wants at start (runtime.osinit loads it for ProcessPrng): a library without any code whose only
// export is a forwarder to advapi32's SystemFunction036, which Wine has.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
)

const (
	library = "bcryptprimitives.dll\x00"
	export  = "ProcessPrng\x00"
	forward = "advapi32.SystemFunction036\x00" // RtlGenRandom: the same arguments, the same answer

	section = 0x1000 // where the only section is in memory
	raw     = 0x200  // and in the file
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: prng FILE")
		os.Exit(64)
	}
	if err := os.WriteFile(os.Args[1], image(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "prng:", err)
		os.Exit(73)
	}
}

// image is the file, laid out as in "PE Format" (Microsoft Learn).
func image() []byte {
	exports := exportTable()
	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&b, binary.LittleEndian, v) // into memory
		}
	}
	pad := func(to int) { b.Write(make([]byte, to-b.Len())) }

	b.WriteString("MZ")
	pad(60)
	put(uint32(64)) // where the next line is
	b.WriteString("PE\x00\x00")
	// x86-64, one section, no symbols; executable, large addresses, a DLL.
	put(uint16(0x8664), uint16(1), uint32(0), uint32(0), uint32(0), uint16(240), uint16(0x2022))
	// PE32+, no code, no entry point.
	put(uint16(0x20b), uint8(14), uint8(0), uint32(0), uint32(raw), uint32(0), uint32(0), uint32(section))
	put(uint64(0x180000000), uint32(section), uint32(raw)) // the base, the alignments
	put(uint16(6), uint16(0), uint16(0), uint16(0), uint16(6), uint16(0), uint32(0))
	put(uint32(2*section), uint32(raw), uint32(0), uint16(3), uint16(0x100)) // the sizes; no executable pages
	put(uint64(0x100000), uint64(0x1000), uint64(0x100000), uint64(0x1000), uint32(0), uint32(16))
	put(uint32(section), uint32(len(exports)))
	b.Write(make([]byte, 15*8)) // the other directories
	b.WriteString(".edata\x00\x00")
	put(uint32(len(exports)), uint32(section), uint32(raw), uint32(raw), uint32(0), uint32(0), uint16(0), uint16(0), uint32(0x40000040))
	pad(raw)
	b.Write(exports)
	pad(2 * raw)
	return b.Bytes()
}

// exportTable is a directory of 40 bytes, its three lists of one entry each, and
// the names.
func exportTable() []byte {
	const (
		functions = section + 40
		names     = functions + 4
		ordinals  = names + 4
		dll       = ordinals + 4
		exported  = dll + uint32(len(library))
		forwarder = exported + uint32(len(export))
	)
	var b bytes.Buffer
	for _, v := range []any{
		uint32(0), uint32(0), uint32(0), uint32(dll), uint32(1), uint32(1), uint32(1), // one function, one name
		uint32(functions), uint32(names), uint32(ordinals),
		uint32(forwarder), // an address within this table: a forwarder (PE Format, "Export Address Table")
		exported, uint16(0), uint16(0),
	} {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	b.WriteString(library + export + forward)
	return b.Bytes()
}
