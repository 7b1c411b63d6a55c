package fsys

import "testing"

// What Windows says about a volume, and what follows.
func TestWhichVolumesOfWindowsAreLocal(t *testing.T) {
	const unknown, noRoot, fixed, removable, remote, cdrom, ram = 0, 1, 3, 2, 4, 5, 6
	for _, c := range []struct {
		path, filesystem string
		drive            uint32
		want             Class
	}{
		{`\\?\C:\locks`, "NTFS", fixed, Class{"ntfs", true}},
		{`\\?\C:\`, "NTFS", fixed, Class{"ntfs", true}},
		{`C:\locks`, "NTFS", fixed, Class{"ntfs", true}},
		{`\\?\D:\locks`, "ReFS", fixed, Class{"refs", true}},
		{`\\?\E:\locks`, "FAT32", removable, Class{"fat32", true}},
		{`\\?\E:\locks`, "exFAT", removable, Class{"exfat", true}},
		{`\\?\R:\locks`, "NTFS", ram, Class{"ntfs", true}},
		{`\\?\E:\locks`, "UDF", cdrom, Class{"udf", false}},
		{`\\?\Z:\locks`, "NTFS", remote, Class{"ntfs", false}},
		{`\\?\Z:\locks`, "NTFS", unknown, Class{"ntfs", false}},
		{`\\?\Z:\locks`, "NTFS", noRoot, Class{"ntfs", false}},
		{`\\?\C:\locks`, "CSVFS", fixed, Class{"csvfs", false}},
		{`\\?\C:\locks`, "FUSE-rclone", fixed, Class{"fuse-rclone", false}},
		{`\\?\C:\locks`, "", fixed, Class{"", false}},
		{`\\?\UNC\server\share\locks`, "NTFS", fixed, Class{"network", false}},
		{`\\?\unc\server\share`, "", fixed, Class{"network", false}},
		{`\\server\share\locks`, "NTFS", fixed, Class{"network", false}},
		{`\\?\Volume{12345678-0000-0000-0000-100000000000}\locks`, "NTFS", fixed, Class{"ntfs", false}},
		{`\\?\C:`, "NTFS", fixed, Class{"ntfs", false}},
		{`\\?\1:\locks`, "NTFS", fixed, Class{"ntfs", false}},
		{``, "NTFS", fixed, Class{"ntfs", false}},
	} {
		got := win32Class(c.path, c.filesystem, func(root string) uint32 {
			if len(root) != 3 || root[1:] != `:\` {
				t.Errorf("%q: asked about %q, which is no root of a drive", c.path, root)
			}
			return c.drive
		})
		if got != c.want {
			t.Errorf("%q, %q, drive %d: %+v, want %+v", c.path, c.filesystem, c.drive, got, c.want)
		}
	}
}
