package netfs

import "testing"

func TestBoot(t *testing.T) {
	for _, s := range []system{nfs3, nfs42, smb} {
		t.Run(s.name, func(t *testing.T) {
			r := boot(t, s, "")
			t.Log(r.Clients[0].Run(t, "grep", "/mnt/d", "/proc/mounts"))
		})
	}
}
