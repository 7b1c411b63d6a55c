package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// A little of what package debug/elf can do, which reads every symbol's name
// into memory: that would take longer than all the rest of filelock run.

// symbol is a variable of this program, by the symbol table of its executable.
type symbol struct{ at, size uint64 }

var errNoSymbol = errors.New("the symbol is not to be found")

// word is the size of an address, in this process and in its executable.
const word = bits.UintSize / 8

// elfPart is a piece of an ELF file of this machine's own kind, elf(5).
type elfPart []byte

func (p elfPart) half(at int) int      { return int(binary.NativeEndian.Uint16(p[at:])) }
func (p elfPart) number(at int) uint32 { return binary.NativeEndian.Uint32(p[at:]) }

func (p elfPart) address(at int) uint64 {
	if word == 8 {
		return binary.NativeEndian.Uint64(p[at:])
	}
	return uint64(p.number(at))
}

// Sizes in the file: of its header, of one section's header and of one symbol.
const (
	elfHeader  = 40 + 3*word
	elfSection = 16 + 6*word
	elfSymbol  = 8 + 2*word
)

// findSymbol looks for a variable whose size is at least and at most so many
// bytes: the names, which are most of a symbol table, are read of those only.
// entry is where the program begins. Addresses are as in the file; in memory
// they are elsewhere when the executable is position independent.
func findSymbol(exe io.ReaderAt, name string, least, most uint64) (s symbol, entry uint64, err error) {
	head := make(elfPart, elfHeader)
	if _, err := exe.ReadAt(head, 0); err != nil {
		return s, 0, err
	}
	entry = head.address(24)
	sections := make(elfPart, head.half(36+3*word)*elfSection)
	if !bytes.HasPrefix(head, []byte("\x7fELF")) || head.half(34+3*word) != elfSection {
		return s, 0, errNoSymbol
	}
	if _, err := exe.ReadAt(sections, int64(head.address(24+2*word))); err != nil {
		return s, 0, err
	}
	section := func(n int) (typ uint32, offset, size uint64, link int) {
		h := sections[n*elfSection:]
		return h.number(4), h.address(8 + 2*word), h.address(8 + 3*word), int(h.number(8 + 4*word))
	}
	count := len(sections) / elfSection
	for n := range count {
		const symbolTable = 2 // SHT_SYMTAB
		if typ, offset, size, link := section(n); typ == symbolTable && link < count {
			_, names, _, _ := section(link)
			s, err = searchSymbols(exe, offset, size, names, name, least, most)
			return s, entry, err
		}
	}
	return s, 0, errNoSymbol
}

// searchSymbols is findSymbol in the table itself, from its end: variables come
// after functions, and there are fewer of them.
func searchSymbols(exe io.ReaderAt, table, size, names uint64, name string, least, most uint64) (symbol, error) {
	const (
		info     = 4 + (8-word)*2 // where st_info is
		variable = 1              // STT_OBJECT
		atOnce   = 512 * elfSymbol
	)
	want := append([]byte(name), 0)
	is := make([]byte, len(want))
	some := make(elfPart, atOnce)
	for left := size / elfSymbol * elfSymbol; left > 0; {
		some = some[:min(left, atOnce)]
		left -= uint64(len(some))
		if _, err := exe.ReadAt(some, int64(table+left)); err != nil {
			return symbol{}, err
		}
		for p := some; len(p) > 0; p = p[elfSymbol:] {
			size := p.address(2 * word)
			if p[info]&0xf != variable || size < least || size > most {
				continue
			}
			if _, err := exe.ReadAt(is, int64(names)+int64(p.number(0))); err == nil && bytes.Equal(is, want) {
				return symbol{at: p.address(word), size: size}, nil
			}
		}
	}
	return symbol{}, fmt.Errorf("%s: %w", name, errNoSymbol)
}
