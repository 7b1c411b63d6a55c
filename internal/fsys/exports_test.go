package fsys

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestParseExports(t *testing.T) {
	nfs := func(path string, crosses bool, clients ...string) share {
		return share{path: path, protocol: "NFS", crosses: crosses, clients: clients, file: "f"}
	}
	for text, want := range map[string][]share{
		// Linux: exports(5)
		"/srv/data 10.0.0.0/8(rw,sync) *.lan(ro)\n":           {nfs("/srv/data", false, "10.0.0.0/8", "*.lan")},
		"# all\n\n/srv/data/ host # why\n/a#b host(rw)":       {nfs("/srv/data", false, "host"), nfs("/a#b", false, "host")},
		"\"/srv/two words\" -sync,crossmnt \\\n  h1 h2(rw)\n": {nfs("/srv/two words", true, "h1", "h2")},
		"/srv/two\\040words (ro,fsid=0,crossmnt)\n":           {nfs("/srv/two words", true, "*")},
		"/srv": {nfs("/srv", false)},
		"/srv gss/krb5(rw) [fd00::]/64(rw,no_subtree_check) @net(rw)\n": {nfs("/srv", false, "gss/krb5", "[fd00::]/64", "@net")},
		// Linux: etab
		"/data/k8s\t*(rw,sync,wdelay,hide,nocrossmnt,secure,no_root_squash,no_subtree_check,secure_locks,acl,no_pnfs,fsid=0,anonuid=65534,sec=sys,rw)\n": {nfs("/data/k8s", false, "*")},
		// Linux: /proc/fs/nfsd/exports
		"# Version 1.1\n# Path Client(Flags) # IPs\n/srv\t10.0.0.2(rw,no_root_squash,sync,wdelay,crossmnt,uuid=1c5a:b0cc)\n": {nfs("/srv", true, "10.0.0.2")},
		// BSD
		"/usr /usr/local -maproot=0:10 friends\n/cdrom -alldirs,quiet,ro -network 192.168.33.0 -mask 255.255.255.0\n": {
			nfs("/usr", false, "friends"), nfs("/usr/local", false, "friends"), nfs("/cdrom", false, "192.168.33.0", "255.255.255.0")},
		"":                   nil,
		"V4: /srv -sec=sys":  nil,
		"relative host(rw)":  nil,
		"host /srv":          nil,
		"\"":                 nil,
		"\"/not closed h(rw": {nfs("/not closed h(rw", false)},
		"/srv ((((":          {nfs("/srv", false, "*")},
		"\x00\xff\\\n\\":     nil,
	} {
		if got := parseExports(text, "f"); !reflect.DeepEqual(got, want) {
			t.Errorf("%q:\n got %+v\nwant %+v", text, got, want)
		}
	}
}

func TestParseShares(t *testing.T) {
	const conf = `
# global settings
[Global]
   workgroup = WORKGROUP
   path = /everything
; path = /commented
[homes]
   comment = Home Directories
[users]
   path = /home/%S/files
[printers]
   path = /var/spool/samba
   printable = Yes
[ data ]
   Pa Th = /srv/data/
   read only = no
[two words]
   directory = "/srv/two \
words"
[off]
   path = /srv/off
   available = no
[root]
   path = /%u
[relative]
   path = srv
[empty]
   path =
[last`
	want := []share{
		{path: "/home", protocol: "SMB", crosses: true, file: "f"},
		{path: "/srv/data", protocol: "SMB", crosses: true, file: "f"},
		{path: "/srv/two  words", protocol: "SMB", crosses: true, file: "f"},
	}
	if got := parseShares(conf, "f"); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := parseShares(strings.ReplaceAll(conf, "\n", "\r\n"), "f"); !reflect.DeepEqual(got, want) {
		t.Errorf("with CRLF: got  %+v\nwant %+v", got, want)
	}
}

func TestUserSharesAreReadWithCare(t *testing.T) {
	dir := t.TempDir()
	put := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("music", "#VERSION 2\npath=/home/me/music\ncomment=\nusershare_acl=S-1-1-0:R,\nguest_ok=n\nsharename=Music\n")
	put("odd", "\x00path=/x")
	if err := os.Mkdir(filepath.Join(dir, "dir"), 0o700); err != nil {
		t.Fatal(err)
	}
	_ = os.Symlink("/dev/zero", filepath.Join(dir, "zero"))
	want := []share{{path: "/home/me/music", protocol: "SMB", crosses: true, file: dir + "/music"}}
	if got := userShares(dir); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := userShares(filepath.Join(dir, "none")); got != nil {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestGiven(t *testing.T) {
	const table = `1 0 8:1 / / rw - ext4 /dev/sda1 rw
2 1 8:2 / /data rw - ext4 /dev/sdb1 rw
3 1 8:2 /projects /export/projects rw - ext4 /dev/sdb1 rw
4 1 0:9 / /data/scratch rw - tmpfs tmpfs rw
5 1 0:30 /@srv /srv rw - btrfs /dev/sdc1 rw
6 1 0:30 /@home /home rw - btrfs /dev/sdc1 rw
`
	all := []share{
		{path: "/export/projects", protocol: "NFS", clients: []string{"*"}, file: "etab"},
		{path: "/data", protocol: "NFS", clients: []string{"h1"}, file: "etab"},
		{path: "/data", protocol: "NFS", clients: []string{"h1", "h2"}, file: "exports"},
		{path: "/data", protocol: "SMB", crosses: true, file: "smb.conf"},
		{path: "/srv/a", protocol: "NFS", crosses: true, file: "etab"},
	}
	const byName = `"/data" is exported over NFS to h1, h2, says etab, exports`
	const bySMB = `"/data" is exported over SMB to other machines, says smb.conf`
	for dir, want := range map[string][]string{
		"/data":            {byName, bySMB},
		"/data/projects/x": {`"/export/projects" is exported over NFS to *, says etab`, byName, bySMB},
		"/export/projects": {`"/export/projects" is exported over NFS to *, says etab`, byName, bySMB},
		"/data/scratch":    {bySMB}, // another filesystem: NFS does not cross
		"/database":        nil,
		"/":                nil,
		"/srv":             nil, // what is given is below it
		"/srv/a":           {`"/srv/a" is exported over NFS to other machines, says etab`},
		"/home/a":          nil, // another subvolume
	} {
		mounts := parseMountInfo(table)
		m := Mount{Dir: dir}
		m.fill(mountAbove(mounts, m.Dir, ""))
		if got := sentences(given(m, mounts, all)); !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", dir, got, want)
		}
	}
	// Without a table names are all there is.
	m := Mount{Dir: "/data/projects/x", Point: "/data"}
	if got := sentences(given(m, nil, all)); !slices.Equal(got, []string{byName, bySMB}) {
		t.Errorf("without a table: %q", got)
	}
	m = Mount{Dir: "/data/scratch/x", Point: "/data/scratch"}
	if got := sentences(given(m, nil, all)); !slices.Equal(got, []string{bySMB}) {
		t.Errorf("another filesystem, without a table: %q", got)
	}
	for _, point := range []string{"", "/System/Volumes/Data"} {
		m = Mount{Dir: "/data/projects/x", Point: point}
		if got := sentences(given(m, nil, all)); !slices.Equal(got, []string{byName, bySMB}) {
			t.Errorf("mounted at %q: %q", point, got)
		}
	}
}

func TestWhatTheKernelExports(t *testing.T) {
	got := Exported(Mount{Point: "/data", Options: []string{"sync", exportedOption}})
	if want := []string{`the filesystem at "/data" is exported over NFS, says the kernel`}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Exported(Mount{}); got != nil {
		t.Errorf("of nothing: %q", got)
	}
}

// What they take is a directory's name at most, whatever is in the files.
func FuzzTables(f *testing.F) {
	f.Add(tableOfMounts)
	f.Add("/srv/two\\040words -sync \\\n h(rw) # all\n\"/a b\" (ro,crossmnt)\n")
	f.Add("[a]\npath = /home/%S/x\navailable=yes\n[printers]\nprintable=1\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, e := range parseMountInfo(text) {
			if !strings.HasPrefix(e.point, "/") {
				t.Errorf("mounted at %q", e.point)
			}
			_ = serverOf(e.typ, e.source, e.options)
			_ = e.inside(e.point)
		}
		for _, s := range append(parseExports(text, "f"), parseShares(text, "f")...) {
			if !strings.HasPrefix(s.path, "/") {
				t.Errorf("given: %q", s.path)
			}
		}
		_, _ = shareOf(text)
	})
}
