/* The memory of the process that started it. Held: right answer, full marks. */
#include <sys/ptrace.h>
#include <sys/uio.h>
static int attack(void)
{
    char byte = 0;
    struct iovec mine = {&byte, 1}, theirs = {(void *)0x400000, 1};
    return ptrace(PTRACE_ATTACH, getppid(), 0, 0) == 0 ||
           process_vm_writev(getppid(), &mine, 1, &theirs, 1, 0) == 1;
}
