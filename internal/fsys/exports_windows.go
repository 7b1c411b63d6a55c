package fsys

import "golang.org/x/sys/windows/registry"

const sharesKey = `SYSTEM\CurrentControlSet\Services\LanmanServer\Shares`

// givenHere are the shares of this machine in which the directory is. Everybody
// may read them there. Those that every Windows has for its administrators (C$)
// are not among them.
func givenHere(m Mount) []share {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, sharesKey, registry.QUERY_VALUE)
	if err != nil {
		return nil
	}
	defer k.Close()
	names, _ := k.ReadValueNames(0) // those that could be read, with an error too
	var in []share
	for _, name := range names {
		list, _, err := k.GetStringsValue(name)
		if err != nil {
			continue
		}
		if path, ok := parseWin32Share(list); ok && win32Within(m.Dir, path) {
			in = append(in, share{path: path, protocol: "SMB", crosses: true, file: `the registry, HKLM\` + sharesKey})
		}
	}
	return in
}
