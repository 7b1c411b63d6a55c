# SMB server: Samba as it is, but for where it keeps its files.
set -e
mount -t ext4 /dev/ubda /mnt/exp
mkdir -p -m 777 /mnt/exp/d
mkdir -p /run/samba/{private,lock,cache}
cat >/run/samba/smb.conf <<'CONF'
[global]
 server role = standalone server
 private dir = /run/samba/private
 lock directory = /run/samba/lock
 state directory = /run/samba/lock
 cache directory = /run/samba/cache
 pid directory = /run/samba
 ncalrpc dir = /run/samba/ncalrpc
 log level = 0
 log file = /run/samba/log
 disable netbios = yes
 smb ports = 445
 disable spoolss = yes
 load printers = no
 server min protocol = SMB3_11
[exp]
 path = /mnt/exp
 read only = no
 force user = root
CONF
printf 'pw\npw\n' | smbpasswd -c /run/samba/smb.conf -s -a root >/dev/null
smbd -D -s /run/samba/smb.conf
for i in {1..300}; do
	ss -ltn | grep -q ':445 ' && exit 0
	sleep 0.1
done
echo "smbd does not listen"
cat /run/samba/log
exit 1
