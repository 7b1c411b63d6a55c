package main

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// attributeJobList is PROC_THREAD_ATTRIBUTE_JOB_LIST (Windows 10): the jobs in
// which a process is created.
const attributeJobList = 0x0002000d

// killedCode is the exit code of what is killed with its job: 128 and the number
// of KILL elsewhere.
const killedCode = uint32(exitSignal) + 9

// jobProcess is COMMAND in a job object of its own, with all that it starts.
// Nobody else has a handle to the job, so the kernel ends them when this process
// ends, however it does: it had the lock for them.
//
// COMMAND is created in the job. It is not created suspended and then assigned:
// if this process died in between, a suspended process would be left for ever,
// with the standard files open. A job inside others is fine (Windows 8), so is
// one inside a job that lets nobody break away. This one lets nobody either: who
// asks whether he may (Cygwin) would do it without being told to.
type jobProcess struct {
	mu      sync.Mutex
	job     windows.Handle // InvalidHandle when COMMAND has ended. Guarded by mu
	process windows.Handle
}

func startProcess(program string, argv, env []string, sys *syscall.SysProcAttr) (process, error) {
	job, err := windows.CreateJobObject(nil, nil) // the handle is not inherited
	if err != nil {
		return nil, fmt.Errorf("create a job object: %w", err)
	}
	p := &jobProcess{job: job}
	if err = setLimits(job, windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE); err == nil {
		p.process, err = createProcess(program, argv, env, sys, job)
	}
	if err != nil {
		_ = windows.CloseHandle(job) // nothing is in it
		return nil, err
	}
	return p, nil
}

func setLimits(job windows.Handle, flags uint32) error {
	var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	info.BasicLimitInformation.LimitFlags = flags
	_, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err != nil {
		return fmt.Errorf("set the limits of a job object: %w", err)
	}
	return nil
}

// createProcess is what os.StartProcess does, but for the job. COMMAND inherits
// the standard handles and no other.
func createProcess(program string, argv, env []string, sys *syscall.SysProcAttr, job windows.Handle) (windows.Handle, error) {
	name, err := windows.UTF16PtrFromString(program)
	if err != nil {
		return 0, err
	}
	line := ""
	if sys != nil {
		line = sys.CmdLine
	}
	line = cmp.Or(line, verbatim(argv), windows.ComposeCommandLine(argv))
	linep, err := windows.UTF16PtrFromString(line)
	if err != nil {
		return 0, err
	}
	block, err := environmentBlock(env)
	if err != nil {
		return 0, err
	}
	list, err := windows.NewProcThreadAttributeList(2)
	if err != nil {
		return 0, err
	}
	defer list.Delete()
	if err := list.Update(attributeJobList, unsafe.Pointer(&job), unsafe.Sizeof(job)); err != nil {
		return 0, err
	}
	si := windows.StartupInfoEx{ProcThreadAttributeList: list.List()}
	si.Cb = uint32(unsafe.Sizeof(si))
	si.Flags = windows.STARTF_USESTDHANDLES
	var inherited []windows.Handle
	for _, std := range []struct {
		which uint32
		to    *windows.Handle
	}{{windows.STD_INPUT_HANDLE, &si.StdInput}, {windows.STD_OUTPUT_HANDLE, &si.StdOutput}, {windows.STD_ERROR_HANDLE, &si.StdErr}} {
		h, err := inheritableCopy(std.which)
		if err != nil {
			return 0, err
		}
		if h != 0 {
			defer func() { _ = windows.CloseHandle(h) }()
			*std.to = h
			inherited = append(inherited, h)
		}
	}
	if len(inherited) > 0 {
		if err := list.Update(windows.PROC_THREAD_ATTRIBUTE_HANDLE_LIST, unsafe.Pointer(&inherited[0]), uintptr(len(inherited))*unsafe.Sizeof(inherited[0])); err != nil {
			return 0, err
		}
	}
	var pi windows.ProcessInformation
	err = windows.CreateProcess(name, linep, nil, nil, len(inherited) > 0, windows.CREATE_UNICODE_ENVIRONMENT|windows.EXTENDED_STARTUPINFO_PRESENT, &block[0], nil, &si.StartupInfo, &pi)
	runtime.KeepAlive(inherited)
	if err != nil {
		return 0, err
	}
	_ = windows.CloseHandle(pi.Thread)
	return pi.Process, nil
}

// inheritableCopy duplicates a standard handle of this process; it is 0 if there
// is none (a program without a console, or one that it closed).
func inheritableCopy(which uint32) (copied windows.Handle, err error) {
	h, err := windows.GetStdHandle(which)
	if err != nil || h == 0 || h == windows.InvalidHandle {
		return 0, nil
	}
	self := windows.CurrentProcess()
	err = windows.DuplicateHandle(self, h, self, &copied, 0, true, windows.DUPLICATE_SAME_ACCESS)
	if err == windows.ERROR_INVALID_HANDLE { // closed meanwhile: COMMAND has none either
		return 0, nil
	}
	return copied, err
}

// environmentBlock is env as CreateProcess takes it.
func environmentBlock(env []string) ([]uint16, error) {
	var block []uint16
	for _, kv := range env {
		u, err := windows.UTF16FromString(kv)
		if err != nil {
			return nil, err
		}
		block = append(block, u...)
	}
	if len(block) == 0 {
		block = append(block, 0)
	}
	return append(block, 0), nil
}

// signal: there are no signals to send to one process. What comes from the
// console comes to COMMAND as well.
func (p *jobProcess) signal(os.Signal) error { return syscall.EWINDOWS }

// terminate: no process can be asked to end that need not have a window, or share
// the console with others.
func (p *jobProcess) terminate() error { return syscall.EWINDOWS }

// kill ends COMMAND and all that it started.
func (p *jobProcess) kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.job == windows.InvalidHandle {
		return os.ErrProcessDone
	}
	return windows.TerminateJobObject(p.job, killedCode)
}

// wait returns when COMMAND has ended. What it left in the background may go on,
// as anywhere else.
func (p *jobProcess) wait() exitCode {
	code := uint32(exitInternal)
	event, err := windows.WaitForSingleObject(p.process, windows.INFINITE)
	if err == nil && event == windows.WAIT_OBJECT_0 {
		err = windows.GetExitCodeProcess(p.process, &code)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil { // it cannot be waited for, and the lock is about to be released
		_ = windows.TerminateJobObject(p.job, killedCode)
	}
	_ = windows.CloseHandle(p.process)
	if setLimits(p.job, 0) == nil { // else what is left of it ends with this process
		_ = windows.CloseHandle(p.job)
	}
	p.job = windows.InvalidHandle
	return exitCode(code)
}
