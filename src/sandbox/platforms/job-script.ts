/**
 * PowerShell that starts a command in a Job Object and ends with its exit code. Its settings come as JSON in the variable
 * TOKA_JOB, which the command does not get. The job ends with this process: JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE. What the
 * job counted is written to a file at the end. Names and numbers are those of winnt.h and jobapi2.h.
 */
export const JOB_SCRIPT = String.raw`
$ErrorActionPreference = 'Stop'
$settings = $env:TOKA_JOB | ConvertFrom-Json
Add-Type -TypeDefinition @'
using System;
using System.Collections;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

public static class Job {
  [StructLayout(LayoutKind.Sequential)] struct Basic {
    public long PerProcessTime, PerJobTime; public uint Flags; public UIntPtr MinWorkingSet, MaxWorkingSet;
    public uint ActiveProcesses; public UIntPtr Affinity; public uint Priority, Scheduling; }
  [StructLayout(LayoutKind.Sequential)] struct Io {
    public ulong ReadOperations, WriteOperations, OtherOperations, ReadBytes, WriteBytes, OtherBytes; }
  [StructLayout(LayoutKind.Sequential)] struct Extended {
    public Basic Basic; public Io Io; public UIntPtr ProcessMemory, JobMemory, PeakProcessMemory, PeakJobMemory; }
  [StructLayout(LayoutKind.Sequential)] struct CpuRate { public uint Flags, Rate; }
  [StructLayout(LayoutKind.Sequential)] struct Accounting {
    public long UserTime, KernelTime, PeriodUserTime, PeriodKernelTime;
    public uint PageFaults, Processes, ActiveProcesses, TerminatedProcesses; public Io Io; }
  [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)] struct Startup {
    public int Size; public string Reserved, Desktop, Title; public int X, Y, XSize, YSize, XChars, YChars, Fill, Flags;
    public short Show, Reserved2; public IntPtr Reserved3, Input, Output, Error; }
  [StructLayout(LayoutKind.Sequential)] struct Started { public IntPtr Process, Thread; public int ProcessId, ThreadId; }

  [DllImport("kernel32", SetLastError = true, CharSet = CharSet.Unicode)] static extern IntPtr CreateJobObjectW(IntPtr a, string n);
  [DllImport("kernel32", SetLastError = true)] static extern bool SetInformationJobObject(IntPtr j, int c, IntPtr i, uint l);
  [DllImport("kernel32", SetLastError = true)] static extern bool QueryInformationJobObject(IntPtr j, int c, IntPtr i, uint l, IntPtr r);
  [DllImport("kernel32", SetLastError = true)] static extern bool AssignProcessToJobObject(IntPtr j, IntPtr p);
  [DllImport("kernel32", SetLastError = true)] static extern bool TerminateJobObject(IntPtr j, uint c);
  [DllImport("kernel32", SetLastError = true, CharSet = CharSet.Unicode)] static extern bool CreateProcessW(string a,
    StringBuilder c, IntPtr p, IntPtr t, bool inherit, uint flags, IntPtr e, string d, ref Startup s, out Started r);
  [DllImport("kernel32", SetLastError = true)] static extern uint ResumeThread(IntPtr t);
  [DllImport("kernel32", SetLastError = true)] static extern uint WaitForSingleObject(IntPtr h, uint ms);
  [DllImport("kernel32", SetLastError = true)] static extern bool GetExitCodeProcess(IntPtr p, out uint code);
  [DllImport("kernel32", SetLastError = true)] static extern IntPtr GetStdHandle(int n);
  [DllImport("kernel32", SetLastError = true)] static extern bool SetHandleInformation(IntPtr h, uint mask, uint flags);

  static void Check(bool done) { if (!done) throw new Win32Exception(Marshal.GetLastWin32Error()); }

  static void Set<T>(IntPtr job, int kind, T value) {
    int size = Marshal.SizeOf(typeof(T)); IntPtr memory = Marshal.AllocHGlobal(size);
    try { Marshal.StructureToPtr(value, memory, false); Check(SetInformationJobObject(job, kind, memory, (uint)size)); }
    finally { Marshal.FreeHGlobal(memory); } }

  static T Get<T>(IntPtr job, int kind) {
    int size = Marshal.SizeOf(typeof(T)); IntPtr memory = Marshal.AllocHGlobal(size);
    try { Check(QueryInformationJobObject(job, kind, memory, (uint)size, IntPtr.Zero));
      return (T)Marshal.PtrToStructure(memory, typeof(T)); }
    finally { Marshal.FreeHGlobal(memory); } }

  public static uint Run(string command, string folder, string environment, ulong memory, uint processes, uint rate, string report) {
    IntPtr job = CreateJobObjectW(IntPtr.Zero, null); Check(job != IntPtr.Zero);
    // ACTIVE_PROCESS 0x8, JOB_MEMORY 0x200, DIE_ON_UNHANDLED_EXCEPTION 0x400, KILL_ON_JOB_CLOSE 0x2000
    Extended limits = new Extended();
    limits.Basic.Flags = 0x8 | 0x200 | 0x400 | 0x2000;
    limits.Basic.ActiveProcesses = processes; limits.JobMemory = (UIntPtr)memory;
    Set(job, 9, limits); // JobObjectExtendedLimitInformation
    CpuRate share; share.Flags = 0x1 | 0x4; share.Rate = rate; // ENABLE, HARD_CAP; in 1/10000 of all processors
    Set(job, 15, share); // JobObjectCpuRateControlInformation
    uint restrictions = 0xFF; Set(job, 4, restrictions); // JobObjectBasicUIRestrictions: clipboard, desktop, exit windows...
    Startup startup = new Startup(); startup.Size = Marshal.SizeOf(typeof(Startup)); startup.Flags = 0x100; // USESTDHANDLES
    startup.Input = GetStdHandle(-10); startup.Output = GetStdHandle(-11); startup.Error = GetStdHandle(-12);
    foreach (IntPtr handle in new[] { startup.Input, startup.Output, startup.Error }) SetHandleInformation(handle, 1, 1);
    Started started; IntPtr block = Marshal.StringToHGlobalUni(environment);
    // CREATE_SUSPENDED 0x4, CREATE_UNICODE_ENVIRONMENT 0x400, CREATE_NO_WINDOW 0x08000000: it runs only once it is in the job
    Check(CreateProcessW(null, new StringBuilder(command), IntPtr.Zero, IntPtr.Zero, true, 0x4 | 0x400 | 0x08000000,
      block, folder, ref startup, out started));
    Check(AssignProcessToJobObject(job, started.Process));
    ResumeThread(started.Thread); WaitForSingleObject(started.Process, 0xFFFFFFFF);
    uint code; Check(GetExitCodeProcess(started.Process, out code));
    TerminateJobObject(job, 1);
    Accounting used = Get<Accounting>(job, 8); // JobObjectBasicAndIoAccountingInformation
    Extended peak = Get<Extended>(job, 9);
    File.WriteAllText(report, "{\"cpuMs\":" + (used.UserTime + used.KernelTime) / 10000 +
      ",\"peakMemoryBytes\":" + peak.PeakJobMemory + ",\"writtenBytes\":" + used.Io.WriteBytes + "}");
    return code;
  }
}
'@
try {
  $code = [Job]::Run($settings.command, $settings.folder, ($settings.environment -join [char]0) + [char]0 + [char]0,
    $settings.memory, $settings.processes, $settings.rate, $settings.report)
} catch {
  [Console]::Error.WriteLine($_.Exception.Message)
  exit 221
}
exit $code
`;

/** The exit code by which the script says that the command never ran. */
export const JOB_FAILED = 221;
