/*
 * Who called (callers.h).
 */
#include "common/base/callers.h"

#include "common/base/machine.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_FRAMES 32 /* of the stack */
#define MOST_LINES  96 /* one frame is several, where functions became part of their callers */

/* ---- walking --------------------------------------------------------------------------------- */

static const void *outermost;

void callers_begin(const void *frame)
{
    outermost = frame;
}

/* A stack frame begins with the caller's frame and the return address. Code that was compiled without
 * frame pointers, of a library that calls back, may leave anything there: only what lies further out,
 * on the same stack, is followed. */
struct frame {
    const struct frame *caller;
    void *return_address;
};

int callers_walk(void **address, int most)
{
    const uintptr_t end = (uintptr_t)outermost;
    const struct frame *frame = __builtin_frame_address(0);
    int count = 0;
    while ((uintptr_t)frame < end && count < most) {
        const uintptr_t next = (uintptr_t)frame->caller;
        if (next <= (uintptr_t)frame || next >= end || next % sizeof(void *) != 0)
            break;
        address[count++] = frame->return_address;
        frame = frame->caller;
    }
    return count;
}

/* ---- where the program is ------------------------------------------------------------------- */

/* The load address of the object that holds the program, and the range of its code. On the
 * simulated machine this is not the process's own, but each rank's copy. */
struct program {
    uintptr_t base, first, last;
};

/* Called once per loaded object; the one that holds this file holds the program. */
static int look_at_object(struct dl_phdr_info *info, size_t size, void *result)
{
    (void)size;
    struct program object = {.base = info->dlpi_addr, .first = UINTPTR_MAX};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_X) == 0)
            continue;
        const uintptr_t begin = info->dlpi_addr + segment->p_vaddr;
        if (begin < object.first)
            object.first = begin;
        if (begin + segment->p_memsz > object.last)
            object.last = begin + segment->p_memsz;
    }
    const uintptr_t here = (uintptr_t)look_at_object;
    if (here < object.first || here >= object.last)
        return 0;
    *(struct program *)result = object;
    return 1;
}

uint64_t callers_offset(const void *return_address)
{
    static struct program program;
    if (program.last == 0)
        dl_iterate_phdr(look_at_object, &program);
    const uintptr_t address = (uintptr_t)return_address;
    return address >= program.first && address < program.last ? address - program.base : 0;
}

/* ---- asking addr2line ------------------------------------------------------------------------ */

/* Is an address in the program, which is loaded at `own`, or in another copy of it? A simulated
 * cluster has one for each rank, all with callers_begin in the same place. */
static bool is_in_program(const void *address, const char *own, const char **base)
{
    const size_t offset = (size_t)((const char *)(uintptr_t)callers_begin - own);
    Dl_info info, same;
    if (dladdr(address, &info) == 0)
        return false;
    *base = info.dli_fbase;
    return *base == own ||
           (dladdr(*base + offset, &same) != 0 && same.dli_saddr == *base + offset &&
            same.dli_sname != NULL && strcmp(same.dli_sname, "callers_begin") == 0);
}

bool callers_place(const void *address, uint64_t *place)
{
    const char *base;
    Dl_info own;
    if (dladdr((void *)(uintptr_t)callers_begin, &own) == 0 ||
        !is_in_program(address, own.dli_fbase, &base))
        return false;
    *place = (uint64_t)((const char *)address - base);
    return true;
}

/* Writes "addr2line … -e PROGRAM ADDRESS…" for this file and the addresses; false if it can't. */
static bool compose_question(void *const *address, int count, const void *crash, char *command,
                             size_t size)
{
    const char *program = machine_program(), *base;
    Dl_info own;
    if (program[0] == '\0' || strchr(program, '\'') != NULL ||
        dladdr((void *)(uintptr_t)callers_begin, &own) == 0)
        return false;
    const size_t offset = (size_t)((char *)(uintptr_t)callers_begin - (char *)own.dli_fbase);
    size_t used =
        (size_t)snprintf(command, size, "timeout 5 addr2line -f -i -e '%s' %#zx", program, offset);
    for (int i = 0; i < count && used < size; i++)
        if (is_in_program(address[i], own.dli_fbase, &base))
            /* a return address is the one behind the call */
            used += (size_t)snprintf(
                command + used, size - used, " %#lx",
                (unsigned long)((char *)address[i] - base - (address[i] == crash ? 0 : 1)));
    if (used < size)
        used += (size_t)snprintf(command + used, size - used, " 2>/dev/null");
    return used < size;
}

enum room { STUDENTS, KITS, PROGRAMS }; /* whose file: PROGRAMS are those that call a student's */

struct line {
    char function[64];
    char path[512];
    int number;
    enum room room;
};

/* kit: the folder that holds common/ and assignments/, of that length. */
static enum room room_of(const char *path, const char *kit, size_t kit_length)
{
    const char *inside = path + kit_length;
    if (path[0] != '/')
        return KITS;
    if (strncmp(path, kit, kit_length) != 0 || strstr(inside, "/tests/") != NULL)
        return STUDENTS;
    if (strncmp(inside, "./", 2) == 0) /* a header, found from the folder that is compiled in */
        inside += 2;
    if (strncmp(inside, "common/driver/", 14) == 0)
        return PROGRAMS;
    if (strncmp(inside, "common/", 7) == 0)
        return KITS;
    if (strncmp(inside, "assignments/", 12) == 0)
        return strstr(inside, "/given/") != NULL ? KITS : PROGRAMS;
    return STUDENTS;
}

/* addr2line answers two lines for each function: its name, and "/folder/file.c:12 (discriminator 3)". */
static bool read_line(FILE *answer, struct line *line)
{
    char name[256], place[sizeof line->path];
    if (fgets(name, sizeof name, answer) == NULL || fgets(place, sizeof place, answer) == NULL)
        return false;
    name[strcspn(name, "\n")] = '\0';
    char *colon = strrchr(place, ':');
    if (colon != NULL)
        *colon = '\0';
    snprintf(line->function, sizeof line->function, "%.63s", name);
    snprintf(line->path, sizeof line->path, "%s", place);
    line->number = colon == NULL ? 0 : atoi(colon + 1);
    return true;
}

/* The lines from the innermost to the outermost of the student's, at most; how many. */
static int read_lines(FILE *answer, struct line *line, int most)
{
    static const char own_name[] = "common/base/callers.c";
    struct line own;
    int count = 0, students = 0;
    const char *tail = read_line(answer, &own) ? strstr(own.path, own_name) : NULL;
    if (tail == NULL)
        return 0;
    while (count < most && read_line(answer, &line[count])) {
        line[count].room = room_of(line[count].path, own.path, (size_t)(tail - own.path));
        if (line[count].room == PROGRAMS)
            break;
        if (line[count++].room == STUDENTS)
            students = count;
    }
    return students;
}

/* ---- who it was ------------------------------------------------------------------------------ */

/* The length of a path up to its last slash. */
static size_t folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path);
}

/* "step.c:12"; of a file that lies in another folder than `beside`, another assignment's, "folder/step.c:12". */
static void name_line(const struct line *line, const struct line *beside, char text[CALLERS_LINE])
{
    size_t name = folder_of(line->path), length = folder_of(beside->path);
    bool same = name == length && strncmp(line->path, beside->path, length) == 0;
    while (!same && name > 0 && line->path[name - 1] != '/')
        name--;
    snprintf(text, CALLERS_LINE, "%.100s:%d", line->path + name + (line->path[name] == '/'),
             line->number);
}

/* line[count-1] is the outermost of the student's. */
static void find_roles(const struct line *line, int count, struct callers *callers)
{
    int place = count - 1, innermost = 0;
    while (place > 0 && line[place - 1].room == STUDENTS &&
           strcmp(line[place - 1].path, line[count - 1].path) == 0)
        place--;
    while (line[innermost].room != STUDENTS)
        innermost++;
    *callers = (struct callers){.from_line = place < count - 1 ? line[count - 1].number : 0};
    name_line(&line[place], &line[place], callers->place);
    name_line(&line[innermost], &line[place], callers->innermost);
    if (strcmp(line[innermost].path, line[place].path) != 0)
        name_line(&line[innermost], &line[place], callers->through);
    if (place > 0)
        strcpy(callers->called, line[place - 1].function);
    if (innermost > 0)
        strcpy(callers->function, line[innermost - 1].function);
}

static bool look_up(void *const *address, int count, const void *crash, struct callers *callers)
{
    static struct line line[MOST_LINES];
    char command[2048];
    FILE *answer = compose_question(address, count, crash, command, sizeof command)
                       ? popen(command, "r")
                       : NULL;
    if (answer == NULL)
        return false;
    const int lines = read_lines(answer, line, MOST_LINES);
    pclose(answer);
    if (lines > 0)
        find_roles(line, lines, callers);
    return lines > 0;
}

bool callers_find(const void *crash, struct callers *callers)
{
    void *address[MOST_FRAMES];
    return look_up(address, backtrace(address, MOST_FRAMES), crash, callers);
}

bool callers_look_up(void *const *address, int count, struct callers *callers)
{
    return look_up(address, count, NULL, callers);
}

const char *callers_text(const struct callers *callers, char *text, size_t size)
{
    char from[32] = "";
    if (callers->from_line > 0)
        snprintf(from, sizeof from, ", from line %d", callers->from_line);
    if (callers->through[0] != '\0')
        snprintf(text, size, "%s (%s)%s, through %s", callers->place, callers->called, from,
                 callers->through);
    else if (strcmp(callers->called, callers->function) != 0)
        snprintf(text, size, "%s (%s)%s", callers->place, callers->called, from);
    else
        snprintf(text, size, "%s%s", callers->place, from);
    return text;
}
