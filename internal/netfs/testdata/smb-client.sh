# SMB client: smb-client.sh VERSION [OPTIONS]
set -e
/run/modprobe -a cifs
mount -t cifs -o "vers=$1,username=root,password=pw${2:+,$2}" //10.0.0.1/exp /mnt/d
