/* The tree of processes, as /proc shows it. */
#ifndef SERVER_TREE_H
#define SERVER_TREE_H

#include <stdbool.h>

/* Calls for the children that any thread of a process has started; none when it is gone. */
void tree_each_child(int pid, void (*each)(int child, void *arg), void *arg);

/* Whether a thread of a process runs, waits for a processor or for a disk. */
bool tree_at_work(int pid);

/* Whether a process is the other or descends from it. */
bool tree_holds(int ancestor, int pid);

#endif
