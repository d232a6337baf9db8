/*
 * class page: OUT/class.html, one page about everybody's work in a class.
 */
#ifndef CLASS_PAGE_PAGE_H
#define CLASS_PAGE_PAGE_H

#include "class/students/command.h"
#include "class/students/gathered.h"

command_function page_command;

/* The whole page, HTML. A new string. */
char *page_html(const struct gathered *gathered);

#endif
