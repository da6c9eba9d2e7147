/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/plan/plan_replicas.h"

#include <stdlib.h>

/* What is kept first: up to date before obsolete, low numbers before high ones. */
static int compare_worth(const void *a, const void *b)
{
    const struct replica *left = a, *right = b;

    if (left->obsolete != right->obsolete)
        return left->obsolete ? 1 : -1;
    return left->number - right->number;
}

static int compare_numbers(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

void plan_replicas_choose(struct replica *existing, size_t n_existing, size_t count,
                          int *ret_numbers)
{
    size_t chosen = 0;
    int highest = 0;

    if (n_existing > 1)
        qsort(existing, n_existing, sizeof(*existing), compare_worth);
    for (size_t i = 0; i < n_existing; i++) {
        if (existing[i].number > highest)
            highest = existing[i].number;
        if (chosen < count)
            ret_numbers[chosen++] = existing[i].number;
    }
    while (chosen < count)
        ret_numbers[chosen++] = ++highest;
    if (count > 1)
        qsort(ret_numbers, count, sizeof(*ret_numbers), compare_numbers);
}

static bool is_taken(const struct replica *existing, size_t n_existing, int number)
{
    for (size_t i = 0; i < n_existing; i++)
        if (existing[i].number == number)
            return true;
    return false;
}

void plan_replicas_choose_beside(struct replica *existing, size_t n_existing, size_t count,
                                 int *ret_numbers)
{
    size_t chosen = 0;

    if (n_existing > 1)
        qsort(existing, n_existing, sizeof(*existing), compare_worth);
    for (size_t i = 0; i < n_existing && chosen < count; i++)
        if (!existing[i].obsolete)
            ret_numbers[chosen++] = existing[i].number;
    for (int number = 1; chosen < count; number++)
        if (!is_taken(existing, n_existing, number))
            ret_numbers[chosen++] = number;
    if (count > 1)
        qsort(ret_numbers, count, sizeof(*ret_numbers), compare_numbers);
}
