#!/bin/bash
# The first process of a guest: RIGHOST, RIGADDR and RIGWORK come from the
# kernel's command line. The root directory is the host's, read-only.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mountpoint -q /dev || mount -t devtmpfs devtmpfs /dev
for d in /run /tmp /mnt /root /var/tmp /var/lib/nfs; do mount -t tmpfs tmpfs $d; done
mkdir -p /mnt/h /mnt/d /mnt/exp /run/rpcbind /run/rpc_pipefs /run/lock
mount -t hostfs hostfs /mnt/h -o "$RIGWORK"

# The modules of this kernel are not where modprobe looks for them.
mkdir /run/lib
ln -s /usr/lib/uml/modules /run/lib/modules
printf '#!/bin/sh\nexec modprobe -d /run "$@"\n' >/run/modprobe
chmod +x /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe

hostname "$RIGHOST"
ip link set lo up
ip link set vec0 up
ip addr add "10.0.0.$RIGADDR/24" dev vec0
# Nobody asks for addresses: a packet that waited for an answer while the network
# was cut would arrive late.
for n in 1 2 3; do
	[ $n = "$RIGADDR" ] || ip neigh add 10.0.0.$n lladdr 02:00:00:00:00:0$n dev vec0 nud permanent
done

FILELOCK_TEST_ROLE=agent /mnt/h/netfs.test
echo "the agent ended: $?"
echo o >/proc/sysrq-trigger
sleep 60
