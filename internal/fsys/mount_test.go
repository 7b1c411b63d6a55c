package fsys

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// tableOfMounts is a table as Linux writes it, of many machines put together:
// NFS and SMB clients, WSL, a virtual machine, containers, automount.
const tableOfMounts = `22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
23 22 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
40 22 0:45 / /mnt/v3 rw,relatime shared:90 - nfs nas1:/export/data rw,vers=3,rsize=1048576,wsize=1048576,namlen=255,soft,nolock,noac,proto=tcp,timeo=50,retrans=2,sec=sys,mountaddr=10.0.0.5,mountvers=3,mountport=20048,mountproto=udp,local_lock=all,lookupcache=positive,addr=10.0.0.5
41 22 0:46 / /mnt/v4 rw,nosuid,relatime shared:91 - nfs4 [fd00::5]:/pvc-2108 rw,sync,vers=4.2,rsize=1048576,wsize=1048576,namlen=255,acregmin=0,acregmax=1,acdirmin=0,acdirmax=1,hard,nocto,proto=tcp6,timeo=600,retrans=2,sec=sys,clientaddr=fd00::2,local_lock=none,addr=fd00::5
42 22 0:47 / /mnt/Photo\040Share rw,relatime shared:92 - cifs //nas.example/photos\0402024 rw,vers=3.1.1,cache=strict,username=me,uid=1000,forceuid,gid=0,noforcegid,addr=192.0.2.9,file_mode=0755,dir_mode=0755,soft,nounix,serverino,mapposix,nobrl,nosharesock,rsize=4194304,wsize=4194304,bsize=1048576,retrans=1,echo_interval=60,actimeo=1,closetimeo=1
43 22 0:48 / /home/me/far rw,nosuid,nodev,relatime shared:93 - fuse.sshfs me@far.example:work rw,user_id=1000,group_id=1000,allow_other
44 22 0:49 / /mnt/c rw,noatime - 9p C:\134 rw,dirsync,aname=drvfs;path=C:\134;uid=1000;gid=1000;symlinkroot=/mnt/,cache=5,access=client,msize=65536,trans=fd,rfd=8,wfd=8
45 22 0:50 / /mnt/wire rw,relatime - 9p 10.0.0.9 rw,sync,dirsync,access=user,trans=tcp,port=564
46 22 0:51 / /mnt/host rw,relatime - virtiofs hostshare rw
47 22 0:52 / /var/lib/docker/overlay2/abc/merged rw,relatime - overlay overlay rw,lowerdir=/l/A:/l/B\054C,upperdir=/d/abc/diff,workdir=/d/abc/work,volatile
48 22 0:53 / /net rw,relatime shared:94 - autofs /etc/auto.net rw,fd=7,pgrp=900,timeout=300,minproto=5,maxproto=5,indirect,pipe_ino=26
49 48 0:54 / /net/nas2/vol rw,nosuid,relatime shared:95 - nfs4 nas2:/vol ro,vers=4.1,hard,proto=tcp,local_lock=none,addr=10.0.0.6
50 22 254:1 /srv/data /export/data rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
51 22 254:1 /srv/gone//deleted /mnt/bound ro,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
52 22 0:60 / /mnt/stack rw,relatime - tmpfs below rw,size=4k
53 52 0:61 / /mnt/stack rw,relatime - tmpfs  rw
54 22 0:62 / /mnt/ceph rw,relatime - ceph 10.0.0.1:6789,10.0.0.2:6789:/ rw,name=admin,secret=<hidden>,acl,wsync
55 22 0:63 / /mnt/lustre rw - lustre 10.0.0.1@tcp:/fs rw,flock,lazystatfs
56 22 0:64 / /mnt/dav rw - fuse http://me@dav.example:8080/files rw,user_id=0
57 22 0:65 / /mnt/many rw - fuse.mergerfs /a:/b rw,user_id=0
58 22 0:66 / /mnt/a\011b\012c\043d rw master:1 propagate_from:2 unbindable - tmpfs tmpfs rw
this is no line
59 22 0:67 / relative rw - tmpfs tmpfs rw
60 22 0:68 / /mnt/short rw - tmpfs tmpfs
`

func mountNamed(t *testing.T, path string) Mount {
	t.Helper()
	e := mountAbove(parseMountInfo(tableOfMounts), path, "")
	if e == nil {
		t.Fatalf("%s: no mount", path)
	}
	var m Mount
	m.fill(e)
	return m
}

func TestMountTableOfLinux(t *testing.T) {
	for path, want := range map[string]Mount{
		"/mnt/v3/deep/down": {Class: Class{Type: "nfs"}, Point: "/mnt/v3", Source: "nas1:/export/data", Server: "nas1",
			Options: []string{"vers=3", "soft", "nolock", "noac", "proto=tcp", "timeo=50", "retrans=2", "local_lock=all", "lookupcache=positive"}},
		"/mnt/v4": {Class: Class{Type: "nfs4"}, Point: "/mnt/v4", Source: "[fd00::5]:/pvc-2108", Server: "fd00::5",
			Options: []string{"sync", "vers=4.2", "acregmin=0", "acregmax=1", "acdirmin=0", "acdirmax=1", "hard", "nocto", "proto=tcp6", "timeo=600", "retrans=2", "local_lock=none"}},
		"/mnt/Photo Share/a": {Class: Class{Type: "cifs"}, Point: "/mnt/Photo Share", Source: "//nas.example/photos 2024", Server: "nas.example",
			Options: []string{"vers=3.1.1", "cache=strict", "uid=1000", "forceuid", "soft", "nounix", "serverino", "nobrl", "nosharesock", "retrans=1", "echo_interval=60", "actimeo=1", "closetimeo=1"}},
		"/home/me/far": {Class: Class{Type: "fuse.sshfs"}, Point: "/home/me/far", Source: "me@far.example:work", Server: "far.example", Options: []string{"allow_other"}},
		"/mnt/c/Users": {Class: Class{Type: "9p"}, Point: "/mnt/c", Source: `C:\`, Options: []string{"dirsync", "cache=5", "access=client", "trans=fd"}},
		"/mnt/wire":    {Class: Class{Type: "9p"}, Point: "/mnt/wire", Source: "10.0.0.9", Server: "10.0.0.9", Options: []string{"sync", "dirsync", "access=user", "trans=tcp"}},
		"/mnt/host":    {Class: Class{Type: "virtiofs"}, Point: "/mnt/host", Source: "hostshare"},
		"/var/lib/docker/overlay2/abc/merged/tmp": {Class: Class{Type: "overlay"}, Point: "/var/lib/docker/overlay2/abc/merged", Source: "overlay", Options: []string{"volatile"}},
		"/net/other":        {Class: Class{Type: "autofs"}, Point: "/net", Source: "/etc/auto.net"},
		"/net/nas2/vol/x":   {Class: Class{Type: "nfs4"}, Point: "/net/nas2/vol", Source: "nas2:/vol", Server: "nas2", ReadOnly: true, Options: []string{"vers=4.1", "hard", "proto=tcp", "local_lock=none"}},
		"/mnt/bound":        {Class: Class{Type: "ext4"}, Point: "/mnt/bound", Source: "/dev/vda1", ReadOnly: true},
		"/mnt/stack":        {Class: Class{Type: "tmpfs"}, Point: "/mnt/stack"},
		"/mnt/stacked":      {Class: Class{Type: "ext4"}, Point: "/", Source: "/dev/vda1"},
		"/mnt/ceph":         {Class: Class{Type: "ceph"}, Point: "/mnt/ceph", Source: "10.0.0.1:6789,10.0.0.2:6789:/", Server: "10.0.0.1:6789,10.0.0.2:6789", Options: []string{"wsync"}},
		"/mnt/lustre":       {Class: Class{Type: "lustre"}, Point: "/mnt/lustre", Source: "10.0.0.1@tcp:/fs", Server: "10.0.0.1@tcp", Options: []string{"flock"}},
		"/mnt/dav":          {Class: Class{Type: "fuse"}, Point: "/mnt/dav", Source: "http://me@dav.example:8080/files", Server: "dav.example:8080"},
		"/mnt/many":         {Class: Class{Type: "fuse.mergerfs"}, Point: "/mnt/many", Source: "/a:/b"},
		"/mnt/a\tb\nc#d/ef": {Class: Class{Type: "tmpfs"}, Point: "/mnt/a\tb\nc#d", Source: "tmpfs"},
		"/relative":         {Class: Class{Type: "ext4"}, Point: "/", Source: "/dev/vda1"},
		"/mnt/short":        {Class: Class{Type: "ext4"}, Point: "/", Source: "/dev/vda1"},
	} {
		got := mountNamed(t, path)
		got.device, got.root = "", ""
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q:\n got %+v\nwant %+v", path, got, want)
		}
	}
}

func TestAMountIsFoundByItsID(t *testing.T) {
	table := parseMountInfo(tableOfMounts)
	if e := mountWithID(table, "52"); e == nil || e.source != "below" {
		t.Errorf("52 is %+v", e)
	}
	if e := mountWithID(table, "5"); e != nil {
		t.Errorf("5 is %+v", e)
	}
	if e := mountAbove(table, "/mnt/stack/x", "0:60"); e == nil || e.id != "52" {
		t.Errorf("the one with that device is %+v", e)
	}
	if e := mountAbove(table, "/mnt/stack/x", "0:99"); e != nil {
		t.Errorf("one with no such device is %+v", e)
	}
}

func TestServerOf(t *testing.T) {
	for _, c := range []struct{ typ, source, options, want string }{
		{"smbfs", "//ME@WINBOX._smb._tcp.local/Share", "", "WINBOX._smb._tcp.local"}, // macOS
		{"smbfs", "//DOM;me:secret@box/share", "", "box"},
		{"nfs", "box:/export", "", "box"},
		{"nfs", "fe80::1%eth0:/export", "", "fe80::1%eth0"},
		{"cifs", `\\box\share`, "", "box"},
		{"cifs", "odd", "vers=3.0,addr=10.0.0.7", "10.0.0.7"},
		{"ceph", "me@b39e.fs=/", "mon_addr=[fd00::1]:6789", "fd00::1"},
		{"ceph", "[fd00::1]:6789,[fd00::2]:6789:/", "", "[fd00::1]:6789,[fd00::2]:6789"},
		{"fuse.sshfs", "sshfs#me@box:/", "", "box"},
		{"fuse.sshfs", "sshfs", "", ""},
		{"fuse.glusterfs", "box:/vol", "", "box"},
		{"9p", "C:/", "trans=fd", ""},
		{"9p", "tag", "trans=virtio", ""},
		{"tmpfs", "tmpfs", "", ""},
		{"nfs", "", "", ""},
		{"nfs", "[", "", ""},
		{"nfs", "[:/", "", "["},
		{"smb", "//", "", ""},
	} {
		if got := serverOf(c.typ, c.source, strings.Split(c.options, ",")); got != c.want {
			t.Errorf("%s %q %s: %q, want %q", c.typ, c.source, c.options, got, c.want)
		}
	}
}

func TestShareOf(t *testing.T) {
	for path, want := range map[string][2]string{
		`\\?\UNC\box\share\dir\deep`: {`\\box\share`, "box"},
		`\\?\UNC\box\share`:          {`\\box\share`, "box"},
		`\\box\share\`:               {`\\box\share`, "box"},
		`\\wsl.localhost\Debian\tmp`: {`\\wsl.localhost\Debian`, "wsl.localhost"},
		`\\box`:                      {},
		`\\box\`:                     {},
		`\\\share`:                   {},
		`\\?\C:\dir`:                 {},
		`\\.\C:`:                     {},
		`C:\dir\\x`:                  {},
		`\dir`:                       {},
		``:                           {},
	} {
		if source, server := shareOf(path); [2]string{source, server} != want {
			t.Errorf("%s: %q of %q, want %q", path, source, server, want)
		}
	}
}

func TestOptionsThatSayNothingAboutLocksAreLeftOut(t *testing.T) {
	got := forLocks([]string{"rw", "sync", "relatime", "rw", "sync", "rsize=4096", "username=me", "password=x", "vers=3"})
	if want := []string{"sync", "vers=3"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{`a\040b`: "a b", `\134040`: `\040`, `\04`: `\04`, `\777`: `\777`, `\089`: `\089`, `\`: `\`, `\377`: "\xff"} {
		if got := unescape(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
