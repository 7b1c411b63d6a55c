"""What serve.go is, with Python's filelock: answers requests until stdin ends."""
import filelock
import json
import resource
import sys
import time


def cpu():
    u = resource.getrusage(resource.RUSAGE_SELF)
    return int((u.ru_utime + u.ru_stime) * 1e9)


def answer(**r):
    sys.stdout.write(json.dumps(r) + "\n")
    sys.stdout.flush()


def loop(q, lock):
    took, begin = [], time.monotonic_ns()
    last = begin
    while len(took) < q["most"] and last - begin < q["for"]:
        lock.acquire()
        lock.release()
        now = time.monotonic_ns()
        took.append(now - last)
        last = now
    return {"took": took}


def contend(q, lock):
    until, section = q["until"], q["section"] / 1e9
    time.sleep(max(q["at"] - time.monotonic_ns(), 0) / 1e9)
    used, took, n = cpu(), [], 0
    while True:
        asked = time.monotonic_ns()
        if asked >= until:
            break
        try:
            lock.acquire(timeout=(until - asked) / 1e9)
        except filelock.Timeout:
            took.append(until - asked)
            break
        got = time.monotonic_ns()
        took.append(min(got, until) - asked)
        if got < until:
            n += 1
            time.sleep(section)
        lock.release()
    return {"took": took, "counts": [n], "cpu": cpu() - used}


def main():
    held, released = None, 0
    for line in sys.stdin:
        q = json.loads(line)
        do = q["do"]
        try:
            if do in ("loop", "contend"):
                lock = getattr(filelock, sys.argv[1])(q["path"])
                answer(**{"loop": loop, "contend": contend}[do](q, lock))
            elif do in ("lock", "wait"):
                held = getattr(filelock, sys.argv[1])(q["path"])
                if do == "wait":
                    answer()  # about to lock
                held.acquire()
                answer(at=time.monotonic_ns())
            elif do == "unlock":
                released = time.monotonic_ns()
                held.release()
                answer()
            elif do == "when":
                answer(at=released)
            else:
                answer(err="no request " + do)
        except Exception as e:
            answer(err=repr(e))


main()
