package sights

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/windows"
)

// grant gives the rights to the directory to these and to nobody else.
func grant(t *testing.T, dir string, rights windows.ACCESS_MASK, to ...windows.WELL_KNOWN_SID_TYPE) {
	t.Helper()
	var entries []windows.EXPLICIT_ACCESS
	add := func(sid *windows.SID, rights windows.ACCESS_MASK) {
		entries = append(entries, windows.EXPLICIT_ACCESS{
			AccessPermissions: rights, AccessMode: windows.GRANT_ACCESS, Inheritance: windows.SUB_CONTAINERS_AND_OBJECTS_INHERIT,
			Trustee: windows.TRUSTEE{TrusteeForm: windows.TRUSTEE_IS_SID, TrusteeValue: windows.TrusteeValueFromSID(sid)},
		})
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	must(t, err)
	add(user.User.Sid, windows.GENERIC_ALL)
	for _, kind := range to {
		sid, err := windows.CreateWellKnownSid(kind)
		must(t, err)
		add(sid, rights)
	}
	list, err := windows.ACLFromEntries(entries, nil)
	must(t, err)
	must(t, windows.SetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, list, nil))
}

func TestADirectoryThatEverybodyMayChangeIsNotBelieved(t *testing.T) {
	for _, c := range []struct {
		rights windows.ACCESS_MASK
		to     []windows.WELL_KNOWN_SID_TYPE
		fine   bool
	}{
		{0, nil, true},
		{windows.GENERIC_ALL, []windows.WELL_KNOWN_SID_TYPE{windows.WinLocalSystemSid, windows.WinBuiltinAdministratorsSid}, true},
		{windows.GENERIC_READ | windows.GENERIC_EXECUTE, []windows.WELL_KNOWN_SID_TYPE{windows.WinWorldSid}, true},
		{windows.GENERIC_ALL, []windows.WELL_KNOWN_SID_TYPE{windows.WinWorldSid}, false},
		{windows.GENERIC_READ | windows.GENERIC_WRITE | windows.GENERIC_EXECUTE, []windows.WELL_KNOWN_SID_TYPE{windows.WinWorldSid}, false},
	} {
		dir := filepath.Join(t.TempDir(), "d")
		must(t, os.Mkdir(dir, 0o700))
		s := In(dir)
		grant(t, dir, windows.GENERIC_ALL)
		keep(t, s, some())
		wantKept(t, s, some())
		grant(t, dir, c.rights, c.to...)
		if got := s.Where() == dir; got != c.fine {
			t.Errorf("rights %#x for %v: believed: %t", c.rights, c.to, got)
		}
		if !c.fine {
			wantNone(t, s, key)
			if err := s.Keep(some()); err == nil {
				t.Error("a sight was kept where everybody can change it")
			}
		}
	}
}

func TestTheUsualPlaceIsTheUsersOwn(t *testing.T) {
	t.Setenv(dirVar, "")
	local := os.Getenv("LocalAppData")
	if local == "" {
		t.Fatal("there is no LocalAppData")
	}
	all := usual()
	if want := filepath.Join(local, "filelock", "sights"); len(all) != 1 || all[0].path != want {
		t.Errorf("%+v, want %q alone", all, want)
	}
}
