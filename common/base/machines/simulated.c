/*
 * The simulated machine: a cluster described by a file of platforms/, simulated
 * by SimGrid's SMPI (machine.h).
 *
 * All ranks are in one process and take turns, so nothing here needs a lock.
 * Each rank has a copy of the program of its own, with its own global variables.
 * What all ranks share hangs on the cluster's first host: SimGrid itself exists
 * only once.
 *
 * SMPI's own tests and probes take no time here (tools/simulate). After an unsuccessful
 * one its rank sleeps, until another rank computes or calls MPI: nothing else can be
 * what it waits for, but for a message that is on its way. For that it wakes up by
 * itself, after a microsecond or a hundredth of the time that it has polled already: so
 * it notices at most one per cent too late, and polling for hours of simulated time
 * costs little real time.
 */
#include "common/base/machines/simulated.h"
#include "common/base/machine.h"
#include "common/base/machine_time.h"

#include "common/base/callers.h"
#include "common/base/fatal.h"
#include "common/base/machines/folds.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <simgrid/actor.h>
#include <simgrid/engine.h>
#include <simgrid/host.h>
#include <simgrid/semaphore.h>
#include <smpi/smpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Simulated seconds. The shortest sleep lets a call that has only begun get under way. */
static const double shortest_sleep = 1e-9, sleep_per_poll = 1e-6;
static const double sleep_per_wait = 0.01;
/* No message takes that long; where nobody computes, either, nothing will ever happen. */
static const double longest_silence = 1e6; /* simulated seconds */

/* A rank that polled. */
struct sleeper {
    struct sleeper *next;
    bool is_asleep;
    sg_sem_t event; /* what it waits for, but not for long */
};

/* What all ranks share. */
struct cluster {
    int computing; /* ranks that compute now */
    struct sleeper *sleepers;
    double last_progress; /* of any rank, simulated seconds */
    struct folds folds;
    void *shared[SIMULATED_MEMORIES];
};

static struct cluster *the_cluster(void)
{
    static struct cluster *cluster;
    if (cluster != NULL)
        return cluster;
    const sg_host_t first = sg_host_by_name("host-0"); /* every platform has it (tools/simulate) */
    if (first == NULL)
        fatal("the platform has no host-0");
    cluster = sg_host_get_data(first);
    if (cluster == NULL) {
        cluster = calloc(1, sizeof *cluster);
        if (cluster == NULL)
            fatal("no memory for the simulated machine");
        sg_host_set_data(first, cluster);
    }
    return cluster;
}

void *simulated_shared_memory(enum simulated_memory which, size_t bytes)
{
    void **memory = &the_cluster()->shared[which];
    if (*memory == NULL)
        *memory = calloc(1, bytes);
    if (*memory == NULL)
        fatal("no memory for what the ranks share");
    return *memory;
}

const char *machine_name(void)
{
    return "simulated";
}

bool machine_may_have_gpus(void)
{
    return false;
}

uint64_t machine_clock(void)
{
    return (uint64_t)llround(simgrid_get_clock() * 1e9);
}

uint64_t machine_waiting_clock(void)
{
    struct timespec time;
    /* In parentheses, since SimGrid has a macro of that name, for simulated time. */
    if ((clock_gettime)(CLOCK_MONOTONIC, &time) != 0)
        fatal("can't read the clock: %s", strerror(errno));
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

const char *machine_time_name(void)
{
    return "simulated";
}

void machine_compute(double flops)
{
    struct cluster *cluster = the_cluster();
    cluster->computing++;
    smpi_execute_flops(flops);
    cluster->computing--;
    machine_progressed();
}

void machine_compute_for(struct duration duration)
{
    struct cluster *cluster = the_cluster();
    cluster->computing++;
    simulated_compute_together(duration);
    cluster->computing--;
    machine_progressed();
}

void simulated_be_busy_for(double seconds)
{
    struct cluster *cluster = the_cluster();
    cluster->computing++;
    sg_actor_sleep_for(seconds);
    cluster->computing--;
    machine_progressed();
}

/* SimGrid gives each host those of its <cluster>. */
const char *machine_property(const char *name)
{
    return sg_host_get_property_value(sg_host_self(), name);
}

double machine_speed(void)
{
    return sg_host_get_speed(sg_host_self());
}

/* Of the rank whose turn it is, or beside which the actor works whose turn it is; NULL: no rank's. */
static const char *rank_running(void)
{
    const sg_actor_t self = sg_actor_self();
    if (self == NULL)
        return NULL;
    const char *rank = sg_actor_get_property_value(self, "rank");
    if (rank != NULL)
        return rank;
    const sg_actor_t maker = sg_actor_by_pid(sg_actor_self_get_ppid());
    return maker == NULL ? NULL : sg_actor_get_property_value(maker, "rank");
}

int machine_rank_running(int own)
{
    (void)own;
    const char *rank = rank_running();
    return rank == NULL ? -1 : atoi(rank);
}

bool machine_is_first_process(void)
{
    const char *rank = sg_actor_get_property_value(sg_actor_self(), "rank");
    return rank == NULL || strcmp(rank, "0") == 0;
}

/* MPI_Abort leaves exit status 0 here, and ranks that can still be called a deadlock. */
void machine_abort(int status)
{
    fflush(NULL);
    _exit(status);
}

/* ---- the program's name ----------------------------------------------------------------------- */

/* The process is SimGrid's; the program is its first argument, or what that is a copy of (tools/simulate). */
const char *machine_program(void)
{
    static char line[8192];
    const char *original = getenv("SIMULATED_PROGRAM");
    if (original != NULL)
        return original;
    FILE *file = fopen("/proc/self/cmdline", "re");
    const size_t length = file == NULL ? 0 : fread(line, 1, sizeof line - 1, file);
    if (file != NULL)
        fclose(file);
    line[length] = '\0';
    const size_t own = strlen(line) + 1;
    return own < length ? line + own : "";
}

/* Messages name the program, and not SimGrid's. */
__attribute__((constructor)) static void name_program(void)
{
    char *path = (char *)(uintptr_t)machine_program();
    if (path[0] == '\0')
        return;
    char *slash = strrchr(path, '/');
    program_invocation_name = path;
    program_invocation_short_name = slash == NULL ? path : slash + 1;
}

/* One process holds all ranks. */
struct resident_memory machine_resident_memory(void)
{
    return (struct resident_memory){0};
}

/* ---- crashes ------------------------------------------------------------------------------------ */

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* Says who crashed, and where: SimGrid would not. What is called here need not work any more, so
 * after some seconds it ends anyhow. */
static void tell_crash(int number, siginfo_t *information, void *context)
{
    struct callers callers;
    const void *crash = NULL;
#if defined(__x86_64__)
    crash = (const void *)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    crash = (const void *)((const ucontext_t *)context)->uc_mcontext.pc;
#endif
    (void)information;
    signal(number, SIG_DFL);
    signal(SIGALRM, SIG_DFL);
    alarm(10);
    const char *rank = rank_running();
    if (rank != NULL && callers_find(crash, &callers))
        dprintf(STDERR_FILENO, "rank %s crashed (%s) at %s\n", rank, strsignal(number),
                callers.innermost);
    else if (rank != NULL)
        dprintf(STDERR_FILENO, "rank %s crashed (%s)\n", rank, strsignal(number));
    raise(number);
}

__attribute__((constructor)) static void watch_for_crashes(void)
{
    static char stack[1 << 16]; /* the rank's own may be full */
    const stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = tell_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    if (sigaltstack(&alternative, NULL) != 0)
        fatal("no stack for signals: %s", strerror(errno));
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
        if (sigaction(crashes[i], &action, NULL) != 0)
            fatal("signal %d can't be watched for: %s", crashes[i], strerror(errno));
}

/* ---- folded memory ---------------------------------------------------------------------------- */

void *machine_folded_memory(size_t bytes)
{
    struct folds *folds = &the_cluster()->folds;
    void *memory = folds_find(folds, bytes);
    if (memory != NULL)
        return memory;
    const size_t size = folds_next(folds, bytes);
    memory = SMPI_SHARED_MALLOC(size + 1);
    if (memory == NULL)
        fatal("there is no memory to fold for %zu bytes", size);
    /* SimGrid has touched all of it, and the process looks as large as that. */
    if (madvise(memory, size, MADV_DONTNEED) != 0)
        fatal("%zu bytes of folded memory can't be given back until they are used: %s", size,
              strerror(errno));
    folds_add(folds, memory, size);
    return memory;
}

bool machine_is_folded(const void *buffer)
{
    return folds_contain(&the_cluster()->folds, buffer);
}

/* ---- polling ---------------------------------------------------------------------------------- */

static bool has_called; /* this rank, MPI, and has not polled since */
static bool polls;      /* this rank, and nothing has happened here since */
static double polling_since;

static void wake_others(void)
{
    for (struct sleeper *rank = the_cluster()->sleepers; rank != NULL; rank = rank->next) {
        if (rank->is_asleep)
            sg_sem_release(rank->event);
        rank->is_asleep = false;
    }
}

void machine_calls(void)
{
    has_called = true;
    wake_others();
}

void machine_progressed(void)
{
    polls = false;
    the_cluster()->last_progress = simgrid_get_clock();
    wake_others();
}

/* Until somebody else does something; at most so many simulated seconds. */
static void sleep_until_event(struct cluster *cluster, double seconds)
{
    static struct sleeper own;
    if (own.event == NULL) {
        own = (struct sleeper){.next = cluster->sleepers, .event = sg_sem_init(0)};
        cluster->sleepers = &own;
    }
    own.is_asleep = true;
    const bool is_over = sg_sem_acquire_timeout(own.event, seconds) != 0;
    own.is_asleep = false;
    if (!is_over)
        sg_actor_sleep_for(shortest_sleep);
}

void machine_polled(void)
{
    struct cluster *cluster = the_cluster();
    const double now = simgrid_get_clock();
    if (!polls)
        polling_since = now;
    polls = true;
    if (cluster->computing == 0 && now - cluster->last_progress > longest_silence)
        fatal("deadlock: every rank waits or polls, and nothing will ever come: no request has "
              "completed and nobody has computed for %g simulated seconds",
              longest_silence);
    if (has_called) /* a message may be there for the receive that has just been begun */
        sg_actor_sleep_for(shortest_sleep);
    else
        sleep_until_event(cluster, fmax(sleep_per_poll, sleep_per_wait * (now - polling_since)));
    has_called = false;
}
