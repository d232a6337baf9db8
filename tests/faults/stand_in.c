/*
 * Stands in for a program of the system. How it ends says the last letter of its own file, which
 * place.c puts there:
 *
 *     K  SIGKILL, as by the kernel when memory runs out    S  SIGSEGV    I  SIGILL
 *     1  exit status 1, without a word                     F  exit status 1, the disk is full
 *     H  it never ends
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char letter = '1';
    const int file = open("/proc/self/exe", O_RDONLY);
    if (file < 0 || lseek(file, -1, SEEK_END) < 0 || read(file, &letter, 1) != 1)
        letter = '1';
    switch (letter) {
    case 'K':
        raise(SIGKILL);
        break;
    case 'S':
        raise(SIGSEGV);
        break;
    case 'I':
        raise(SIGILL);
        break;
    case 'F':
        fprintf(stderr, "%s: /tmp/words: %s\n", argc > 0 ? argv[0] : "it", strerror(ENOSPC));
        break;
    case 'H':
        for (;;)
            pause();
    default:
        break;
    }
    return EXIT_FAILURE;
}
