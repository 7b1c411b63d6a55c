package netfs

import "testing"

// explain logs what every machine sees, and what its processes wait for.
func (r *Rig) explain(t *testing.T) {
	t.Helper()
	const look = `date +%T.%N; ls -lai "$1"; head -v -c 600 "$1"/* "$1"/.f* 2>/dev/null
for p in /proc/[0-9]*; do
	case $(tr '\0' ' ' <$p/cmdline) in /mnt/h/*) echo "$p: $(cat $p/wchan) $(cat $p/task/*/wchan 2>/dev/null | tr '\0' ' ')"; ls -l $p/fd | grep /mnt/d;; esac
done; true`
	for _, c := range r.Clients {
		p := c.Start(t, nil, "timeout", "20", "bash", "-c", look, "-", clientDir)
		p.Wait(t) // it may hang, too
		t.Logf("%s:\n%s", c.Name, p.Output())
	}
	t.Logf("%s:\n%s", r.Server.Name, r.Server.Run(t, "bash", "-c", look, "-", serverDir))
	if r.System.name == smb.name {
		t.Log(r.Server.Run(t, "smbstatus", "-s", "/run/samba/smb.conf", "-L"))
	}
}
