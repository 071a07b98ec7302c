/* Does KVM work here? A guest of a few instructions answers in milliseconds where a whole one would hang for ever. */
#include "slipway/guest.h"
#include "src/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const char absent_remedy[] =
    "builds run, but slowly: enable virtualisation in the firmware or nested virtualisation in the outer machine, "
    "and load the module kvm_intel or kvm_amd";
static const char denied_remedy[] =
    "add yourself to the group that owns /dev/kvm (usermod -aG kvm USER) and log in again";
static const char broken_remedy[] =
    "builds run, but slowly: this machine's KVM is not usable (nested or para-virtual); --accel tcg skips the probe";

const char *sw_kvm_state_name(enum sw_kvm_state state)
{
    static const char *const names[] = {"ok", "absent", "denied", "broken"};

    return names[state];
}

int sw_accel_parse(const char *text, enum sw_accel *out, struct sw_err *err)
{
    static const char *const names[] = {"auto", "kvm", "tcg"};

    for (size_t i = 0; i < SW_ARRAY_LEN(names); i++) {
        if (strcasecmp(text, names[i]) == 0) {
            *out = (enum sw_accel)i;
            return 0;
        }
    }
    return sw_fail(err, SW_USAGE, "'%s' is no acceleration: auto, kvm or tcg", text);
}

#if defined(__x86_64__)

enum {
    MEMORY_BYTES = 16 << 20,
    AT_PML4 = 0x1000,
    AT_PDPT = 0x2000,
    AT_PD = 0x3000,
    AT_DATA = 0x20000,
    AT_CODE = 0x10000,
    PORT = 0x10,
    EXITS_MAX = 16,
    PROBE_MS = 2000,
    CPUID_ENTRIES = 256,
};

/* Long mode, because that is what a guest's kernel lives in; cmpxchg16b, because emulations stumble over it. */
static const unsigned char probe_code[] = {
    0x48, 0xc7, 0xc6, 0x00, 0x00, 0x02, 0x00, /* mov rsi, AT_DATA */
    0x31, 0xc0, 0x31, 0xd2,                   /* xor eax, eax; xor edx, edx */
    0xbb, 0x2a, 0x00, 0x00, 0x00,             /* mov ebx, 42 */
    0x31, 0xc9,                               /* xor ecx, ecx */
    0xf0, 0x48, 0x0f, 0xc7, 0x0e,             /* lock cmpxchg16b [rsi] */
    0x8a, 0x06,                               /* mov al, [rsi] */
    0xe6, PORT,                               /* out PORT, al */
    0xf4,                                     /* hlt */
};

struct machine {
    int kvm, vm, cpu;
    unsigned char *memory;
    struct kvm_run *run;
};

static void put_entry(struct machine *machine, size_t at, uint64_t value)
{
    memcpy(machine->memory + at, &value, sizeof(value));
}

static const char *make_memory(struct machine *machine)
{
    struct kvm_userspace_memory_region region = {.memory_size = MEMORY_BYTES};

    machine->memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (machine->memory == MAP_FAILED)
        return "memory";
    region.userspace_addr = (uint64_t)(uintptr_t)machine->memory;
    if (ioctl(machine->vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
        return "KVM_SET_USER_MEMORY_REGION";
    put_entry(machine, AT_PML4, AT_PDPT | 3);
    put_entry(machine, AT_PDPT, AT_PD | 3);
    for (uint64_t i = 0; i < 512; i++)
        put_entry(machine, AT_PD + i * 8, i << 21 | 0x83); /* present, writable, 2 MiB */
    memcpy(machine->memory + AT_CODE, probe_code, sizeof(probe_code));
    return NULL;
}

static const char *make_cpu(struct machine *machine)
{
    union {
        struct kvm_cpuid2 head;
        uint8_t room[sizeof(struct kvm_cpuid2) + CPUID_ENTRIES * sizeof(struct kvm_cpuid_entry2)];
    } cpuid = {.head = {.nent = CPUID_ENTRIES}};
    int run_bytes = ioctl(machine->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

    machine->cpu = ioctl(machine->vm, KVM_CREATE_VCPU, 0);
    if (machine->cpu < 0 || run_bytes < (int)sizeof(struct kvm_run))
        return "KVM_CREATE_VCPU";
    if (ioctl(machine->kvm, KVM_GET_SUPPORTED_CPUID, &cpuid) < 0 ||
        ioctl(machine->cpu, KVM_SET_CPUID2, &cpuid) < 0)
        return "KVM_SET_CPUID2";
    machine->run = mmap(NULL, (size_t)run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, machine->cpu, 0);
    return machine->run == MAP_FAILED ? "kvm_run" : NULL;
}

static const char *enter_long_mode(struct machine *machine)
{
    struct kvm_segment code = {
        .limit = 0xffffffff, .selector = 8, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1};
    struct kvm_segment data = {
        .limit = 0xffffffff, .selector = 16, .type = 3, .present = 1, .s = 1, .db = 1, .g = 1};
    struct kvm_regs regs = {.rip = AT_CODE, .rflags = 2, .rsp = AT_DATA + 0x1000};
    struct kvm_sregs sregs;

    if (ioctl(machine->cpu, KVM_GET_SREGS, &sregs) < 0)
        return "KVM_GET_SREGS";
    sregs.cs = code;
    sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
    sregs.cr3 = AT_PML4;
    sregs.cr4 = 0x20;       /* PAE */
    sregs.cr0 = 0x80050033; /* paging, write protection, protected mode, FPU */
    sregs.efer = 0x500;     /* long mode, enabled and active */
    if (ioctl(machine->cpu, KVM_SET_SREGS, &sregs) < 0)
        return "KVM_SET_SREGS";
    return ioctl(machine->cpu, KVM_SET_REGS, &regs) < 0 ? "KVM_SET_REGS" : NULL;
}

static int say(char *text, size_t len, const char *what)
{
    snprintf(text, len, "%s: %s", what, strerror(errno));
    return -1;
}

/* Runs to HLT. 0 when the machine did what it should. */
static int run_machine(struct machine *machine, char *text, size_t len)
{
    bool wrote = false;

    for (int i = 0; i < EXITS_MAX; i++) {
        if (ioctl(machine->cpu, KVM_RUN, 0) < 0 && errno != EINTR)
            return say(text, len, "KVM_RUN");
        switch (machine->run->exit_reason) {
        case KVM_EXIT_INTR:
            break;
        case KVM_EXIT_IO:
            wrote = machine->run->io.port == PORT &&
                    ((const unsigned char *)machine->run)[machine->run->io.data_offset] == 42;
            break;
        case KVM_EXIT_HLT:
            snprintf(text, len, wrote ? "" : "KVM_RUN: a wrong result");
            return wrote ? 0 : -1;
        case KVM_EXIT_INTERNAL_ERROR:
            snprintf(text, len, "KVM_RUN: internal error %u", machine->run->internal.suberror);
            return -1;
        default:
            snprintf(text, len, "KVM_RUN: exit reason %u", machine->run->exit_reason);
            return -1;
        }
    }
    snprintf(text, len, "KVM_RUN: no end");
    return -1;
}

static int try_machine(int kvm, char *text, size_t len)
{
    struct machine machine = {.kvm = kvm};
    const char *failed;

    if (ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
        return say(text, len, "KVM_GET_API_VERSION");
    machine.vm = ioctl(kvm, KVM_CREATE_VM, 0);
    if (machine.vm < 0)
        return say(text, len, "KVM_CREATE_VM");
    failed = make_memory(&machine);
    if (failed == NULL)
        failed = make_cpu(&machine);
    if (failed == NULL)
        failed = enter_long_mode(&machine);
    return failed != NULL ? say(text, len, failed) : run_machine(&machine, text, len);
}

/* The child's end: its text is the pipe's content, empty when all is well. */
static void __attribute__((noreturn)) probe_child(int kvm, int report)
{
    char text[128] = "";

    if (try_machine(kvm, text, sizeof(text)) != 0 && text[0] == '\0')
        snprintf(text, sizeof(text), "unknown");
    if (write(report, text, strlen(text) + 1) < 0)
        _exit(1);
    _exit(0);
}

/* A KVM that hangs is killed with the child. */
static void probe_in_child(int kvm, struct sw_kvm *out)
{
    struct pollfd wait = {.events = POLLIN};
    int report[2];
    ssize_t n = 0;
    pid_t pid;

    snprintf(out->detail, sizeof(out->detail), "the probe could not be started");
    if (pipe2(report, O_CLOEXEC) < 0)
        return;
    pid = fork();
    if (pid == 0)
        probe_child(kvm, report[1]);
    close(report[1]);
    wait.fd = report[0];
    if (pid > 0) {
        snprintf(out->detail, sizeof(out->detail), "KVM_RUN: no answer within %d ms", PROBE_MS);
        if (poll(&wait, 1, PROBE_MS) > 0)
            n = read(report[0], out->detail, sizeof(out->detail) - 1);
        if (n > 0)
            out->detail[n] = '\0';
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    close(report[0]);
    if (n > 0 && out->detail[0] == '\0')
        out->state = SW_KVM_OK;
}

#else

static void probe_in_child(int kvm, struct sw_kvm *out)
{
    /* No probe for this architecture: what opens is trusted. */
    (void)kvm;
    out->state = SW_KVM_OK;
}

#endif

void sw_kvm_probe(struct sw_kvm *out)
{
    SW_AUTO_CLOSE int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

    *out = (struct sw_kvm){.state = SW_KVM_BROKEN, .remedy = broken_remedy};
    if (kvm >= 0) {
        probe_in_child(kvm, out);
    } else {
        bool denied = errno == EACCES || errno == EPERM;

        snprintf(out->detail, sizeof(out->detail), "/dev/kvm: %s", strerror(errno));
        out->state = denied ? SW_KVM_DENIED : SW_KVM_ABSENT;
        out->remedy = denied ? denied_remedy : absent_remedy;
    }
    if (out->state == SW_KVM_OK)
        out->remedy = NULL;
}
