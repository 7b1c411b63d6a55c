# NFS server: exports the image. What it knows of its clients is on the image,
# so it can let them reclaim what they had before it was killed.
set -e
/run/modprobe -a nfsd lockd
mount -t nfsd nfsd /proc/fs/nfsd
mount -t rpc_pipefs rpc_pipefs /run/rpc_pipefs
mount -t ext4 /dev/ubda /mnt/exp
mkdir -p -m 777 /mnt/exp/d
mkdir -p /mnt/exp/.nfs/{sm,sm.bak,v4recovery}
touch /mnt/exp/.nfs/{etab,rmtab,state}
mount --bind /mnt/exp/.nfs /var/lib/nfs
rpcbind
rpc.statd
# 10 s is the least that the kernel takes.
echo 10 >/proc/fs/nfsd/nfsv4gracetime
echo 10 >/proc/fs/nfsd/nfsv4leasetime
# Without this the kernel locks of v3 wait for 50 s after a start.
sysctl -q -w fs.nfs.nlm_timeout=3 fs.nfs.nlm_grace_period=3
exportfs -i -o rw,no_root_squash,no_subtree_check,insecure,sync,fsid=0 '*:/mnt/exp'
rpc.nfsd -V 3 -V 4 -V 4.1 -V 4.2 8
rpc.mountd
# A server that was never up before has no clients to wait for.
if [ -e /mnt/exp/.nfs/before ]; then :; else echo Y >/proc/fs/nfsd/v4_end_grace; fi
touch /mnt/exp/.nfs/before
sync
