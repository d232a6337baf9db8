/*
 * list_calls LOG …: the names of all operations that begin in some logs, and how often, one a line. A log
 * that is damaged is an error.
 */
#include "common/log/log_reader.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    static unsigned long begun[LOG_OPERATIONS];
    for (int i = 1; i < argc; i++) {
        struct log_file log;
        char error[LOG_ERROR_SIZE];
        if (!log_read(argv[i], &log, error)) {
            fprintf(stderr, "%s\n", error);
            return 1;
        }
        if (log.damage[0] != '\0') {
            fprintf(stderr, "%s: %s\n", argv[i], log.damage);
            return 1;
        }
        for (size_t r = 0; r < log.count; r++)
            if (log.record[r].phase == LOG_BEGIN && log.record[r].operation < LOG_OPERATIONS)
                begun[log.record[r].operation]++;
        log_destroy(&log);
    }
    for (int operation = 0; operation < LOG_OPERATIONS; operation++)
        if (begun[operation] > 0)
            printf("%s %lu\n", log_operation_name((enum log_operation)operation), begun[operation]);
    return 0;
}
