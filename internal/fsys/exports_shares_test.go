package fsys

import "testing"

func TestSharesOfWindows(t *testing.T) {
	for _, c := range []struct {
		list []string
		path string
		ok   bool
	}{
		{[]string{"CSCFlags=0", "MaxUses=4294967295", `Path=C:\data`, "Permissions=0", "Remark=", "ShareName=data", "Type=0"}, `C:\data`, true},
		{[]string{`path=d:\`, "type=0"}, `d:\`, true},
		{[]string{`Path=C:\a=b`}, `C:\a=b`, true},
		{[]string{`Path=C:\data`, "Type=2147483648"}, `C:\data`, true}, // STYPE_SPECIAL
		{[]string{"Path=Canon,LocalsplOnly", "Type=1"}, "", false},
		{[]string{`Path=C:\x`, "Type=1"}, "", false},
		{[]string{`Path=C:\x`, "Type=x"}, "", false},
		{[]string{"Type=0"}, "", false},
		{nil, "", false},
	} {
		if path, ok := parseWin32Share(c.list); ok != c.ok || ok && path != c.path {
			t.Errorf("%q: %q, %t", c.list, path, ok)
		}
	}
	for _, c := range []struct {
		path, dir string
		want      bool
	}{
		{`C:\data\locks`, `c:\Data`, true},
		{`C:\data`, `C:\data\`, true},
		{`C:\data`, `C:\`, true},
		{`C:/data/x`, `C:\data`, true},
		{`C:\database`, `C:\data`, false},
		{`C:\`, `C:\data`, false},
		{`D:\data`, `C:\`, false},
	} {
		if got := win32Within(c.path, c.dir); got != c.want {
			t.Errorf("%q within %q: %t", c.path, c.dir, got)
		}
	}
}
