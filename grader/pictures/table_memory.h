/*
 * Memory over a step as a table of text: of each rank its peak, when that was and
 * what was being done, the live bytes of each kind then, and the course of all
 * kinds together as a row of blocks, from the rank's least to its peak.
 */
#ifndef GRADER_PICTURES_TABLE_MEMORY_H
#define GRADER_PICTURES_TABLE_MEMORY_H

#include "grader/pictures/picture_memory.h"

void table_of_memory(const struct memory_scene *scene, GString *text);

#endif
