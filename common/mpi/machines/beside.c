/* Work beside a rank; see beside.h. Actors that have ended their work wait for more. */
#include "common/mpi/machines/beside.h"

#include "common/base/fatal.h"

#include <simgrid/actor.h>
#include <simgrid/host.h>
#include <simgrid/semaphore.h>
#include <smpi/smpi.h>
#include <stdlib.h>

static const unsigned stack_bytes = 1 << 20;

struct helper {
    struct helper *next_idle;
    sg_sem_t begin;
    void (*work)(void *);
    void *argument;
};

static struct helper *idle;
static int busy;

bool beside_is_busy(void)
{
    return busy > 0;
}

static void help(int count, char **arguments)
{
    (void)count, (void)arguments;
    struct helper *self = sg_actor_self_get_data();
    SMPI_thread_create(); /* else what packs and reduces would miss MPI_Init */
    for (;;) {
        sg_sem_acquire(self->begin);
        self->work(self->argument);
        busy--;
        self->next_idle = idle;
        idle = self;
    }
}

static struct helper *new_helper(void)
{
    struct helper *new = calloc(1, sizeof *new);
    if (new == NULL)
        fatal("no memory for work beside a rank");
    const sg_actor_t rank = sg_actor_self();
    const char *const arguments[] = {"beside", NULL};
    new->begin = sg_sem_init(0);
    const sg_actor_t actor = sg_actor_init(arguments[0], sg_actor_get_host(rank));
    sg_actor_set_stacksize(actor, stack_bytes);
    sg_actor_set_data(actor, new);
    sg_actor_start_(actor, help, 1, arguments);
    sg_actor_daemonize(actor); /* the run ends without it */
    return new;
}

void beside_start(void (*work)(void *), void *argument)
{
    struct helper *helper = idle;
    if (helper != NULL)
        idle = helper->next_idle;
    else
        helper = new_helper();
    helper->work = work;
    helper->argument = argument;
    busy++;
    sg_sem_release(helper->begin);
}
