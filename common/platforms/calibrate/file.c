/*
 * The platform file of this computer.
 *
 * It is written under another name and renamed when it is complete.
 */
#include "common/base/fatal.h"
#include "common/platforms/calibrate/calibrate.h"

#include <cblas.h>
#include <errno.h>
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *calibrate_processor(void)
{
    static char name[128];
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "re");
    while (file != NULL && name[0] == '\0' && fgets(line, sizeof line, file) != NULL)
        sscanf(line, "model name : %127[^\n]", name);
    if (file != NULL)
        fclose(file);
    /* It goes into a file of XML. */
    for (char *letter = name; *letter != '\0'; letter++)
        if (strchr("<>&\"'", *letter) != NULL)
            *letter = ' ';
    return name[0] == '\0' ? "unknown" : name;
}

static void write_heading(FILE *file, struct calibrate_speed speed)
{
    const time_t now = time(NULL);
    struct tm parts;
    char date[32] = "";
    if (localtime_r(&now, &parts) != NULL)
        strftime(date, sizeof date, "%Y-%m-%d %H:%M", &parts);
    char mpi[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length;
    MPI_Get_library_version(mpi, &length);
    mpi[strcspn(mpi, ",\n")] = '\0';
    fprintf(file,
            "<?xml version='1.0'?>\n"
            "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
            "<!--\n"
            "  The computer on which this was written, as make calibrate measured it:\n"
            "  common/platforms/README.md says how it is used.\n\n"
            "  Measured      %s\n"
            "  Libraries     %s; %s\n"
            "  Threads       1 in each process\n"
            "  Speed         %.3g FLOP/s: the mean over training steps of the kit's models. Only\n"
            "                computations that have no rate take their time by it.\n"
            "-->\n",
            date, openblas_get_config(), mpi, speed.flops / speed.seconds);
}

/* ---- messages: between two measured sizes, seconds = latency + bytes / bandwidth ---- */

struct line {
    double from, latency, bandwidth;
};

static int fit_lines(const struct calibrate_messages *messages, struct line line[CALIBRATE_SIZES])
{
    int lines = 0;
    for (int i = 0; i + 1 < CALIBRATE_SIZES; i++) {
        const double bytes = messages->bytes[i + 1] - messages->bytes[i];
        /* Noise may make the larger one faster. */
        const double seconds = fmax(messages->seconds[i + 1] - messages->seconds[i], 1e-12 * bytes);
        const double latency = messages->seconds[i] - messages->bytes[i] * seconds / bytes;
        line[lines++] =
            (struct line){i == 0 ? 0 : messages->bytes[i], fmax(latency, 1e-9), bytes / seconds};
    }
    return lines;
}

static void write_factors(FILE *file, const char *name, const struct line *line, int lines,
                          double latency, double bandwidth)
{
    fprintf(file, "    <prop id=\"smpi/%s\" value=\"", name);
    for (int i = 0; i < lines; i++)
        fprintf(file, "%s%.0f:%.6g", i == 0 ? "" : ";", line[i].from,
                latency > 0 ? line[i].latency / latency : line[i].bandwidth / bandwidth);
    fputs("\"/>\n", file);
}

/* There is no device beside the cores: what is moved to the host's memory is copied as a message is, and
 * a core reads and writes each byte of that. */
static void write_host(FILE *file, struct calibrate_speed speed,
                       const struct calibrate_messages *messages)
{
    struct line line[CALIBRATE_SIZES];
    const int lines = fit_lines(messages, line);
    const double bandwidth = line[lines - 1].bandwidth;
    fprintf(file,
            "    <prop id=\"host_bandwidth\" value=\"%.6g\"/>\n"
            "    <prop id=\"host_latency\" value=\"%.6g\"/>\n"
            "    <prop id=\"host_speed\" value=\"%.6g\"/>\n"
            "    <prop id=\"host_memory_bandwidth\" value=\"%.6g\"/>\n",
            bandwidth, line[0].latency, speed.flops / speed.seconds, 2 * bandwidth);
}

static void write_cluster(FILE *file, int cores, struct calibrate_speed speed,
                          const struct calibrate_messages *messages)
{
    struct line line[CALIBRATE_SIZES];
    const int lines = fit_lines(messages, line);
    double bandwidth = 0;
    for (int i = 0; i < lines; i++)
        bandwidth = fmax(bandwidth, line[i].bandwidth);
    /* A message goes through two links, each with half of the latency. */
    const double latency = 1e-6;
    fputs("<platform version=\"4.1\">\n  <config>\n", file);
    write_factors(file, "lat-factor", line, lines, latency, 0);
    write_factors(file, "bw-factor", line, lines, 0, bandwidth);
    fprintf(file,
            "    <prop id=\"smpi/send-is-detached-thresh\" value=\"%.0f\"/>\n"
            "    <prop id=\"network/TCP-gamma\" value=\"0\"/>\n"
            "    <prop id=\"network/crosstraffic\" value=\"no\"/>\n"
            "  </config>\n"
            "  <cluster id=\"this\" prefix=\"host-\" suffix=\"\" radical=\"0-%d\" speed=\"%.6gf\" "
            "bw=\"%.6gBps\" lat=\"%.6gs\" loopback_bw=\"%.6gBps\" loopback_lat=\"0s\">\n",
            messages->rendezvous, cores - 1, speed.flops / speed.seconds, bandwidth, latency / 2,
            bandwidth);
}

/* ---- rates ---- */

static void write_rates(FILE *file)
{
    int rates = 0;
    for (int i = 0; i < work_sizes(); i++)
        rates += work_size(i).times > 0;
    fprintf(file, "    <prop id=\"rates\" value=\"%d\"/>\n", rates);
    for (int i = 0, written = 0; i < work_sizes(); i++) {
        const struct work_measured size = work_size(i);
        if (size.times == 0)
            continue;
        const struct rate rate = {
            size.work,
            size.resident,
            {fmax(size.seconds.alone, CALIBRATE_LEAST_SECONDS) / size.work.operations,
             fmax(size.seconds.together, CALIBRATE_LEAST_SECONDS) / size.work.operations},
        };
        char text[RATES_TEXT_SIZE];
        rates_write(rate, text);
        fprintf(file, "    <prop id=\"rate-%d\" value=\"%s\"/>\n", ++written, text);
    }
}

void calibrate_write(const char *path, int cores, struct calibrate_speed speed,
                     const struct calibrate_messages *messages)
{
    char *unfinished;
    if (asprintf(&unfinished, "%s.new", path) < 0)
        fatal("no memory left");
    FILE *file = fopen(unfinished, "we");
    if (file == NULL)
        fatal("%s can't be written: %s", unfinished, strerror(errno));
    write_heading(file, speed);
    write_cluster(file, cores, speed, messages);
    fprintf(file,
            "    <prop id=\"processor\" value=\"%s\"/>\n"
            "    <prop id=\"cores\" value=\"%d\"/>\n",
            calibrate_processor(), cores);
    write_host(file, speed, messages);
    write_rates(file);
    fputs("  </cluster>\n</platform>\n", file);
    const bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed)
        fatal("%s can't be written: %s", unfinished, strerror(errno));
    if (rename(unfinished, path) != 0)
        fatal("%s can't be renamed to %s: %s", unfinished, path, strerror(errno));
    free(unfinished);
}
