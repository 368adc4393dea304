/* random.h - bytes that nobody can guess (getrandom).  Thread-safe. */
#ifndef SYS_RANDOM_H
#define SYS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Stops the process when the kernel gives none. */
void random_bytes(void *, size_t);
uint64_t random_number(uint64_t below);

#endif
