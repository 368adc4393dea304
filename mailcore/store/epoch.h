/*
 * epoch.h - numbers jump ahead after an unclean stop.
 *
 * What was committed but not yet durable may have been seen by clients before
 * the machine stopped, and be lost after.  So that no uid, modseq or id is
 * given out twice, the house counts unclean stops (its epoch), and an account
 * that is opened behind it lets all its numbers jump first.
 */
#ifndef STORE_EPOCH_H
#define STORE_EPOCH_H

#include "mailcore/store/inside.h"

enum { EPOCH_JUMP = 1000 };

CHECKED result epoch_follow(struct account *);

#endif
