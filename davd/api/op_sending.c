/* To how many people a person may send, and has sent: as `posthaste sending
 * show`.  The limit is the operator's to set. */
#include "davd/api/routes.h"

#include "mailcore/store/sending.h"
#include "mailcore/sys/clock.h"

/* `usual`: of the configuration, where 0 is any number. */
static int64_t
limit_of(bool own, int64_t limit, unsigned usual)
{
	if (own)
		return limit;
	return usual == 0 ? SENDING_ANY : (int64_t)usual;
}

static json_t *
json_of(int64_t used, int64_t limit)
{
	json_t *o = json_pack("{sI}", "used", (json_int_t)used);

	if (o != NULL && limit != SENDING_ANY)
		(void)json_object_set_new(o, "limit", json_integer(limit));
	return o;
}

result
op_sending(struct api_call *c)
{
	const struct conf *conf = c->services->conf;
	struct sending_limit own, used;
	result r = sending_limit_get(c->services->store, c->person.account,
	    &own);
	bool has = r.is == OK;

	if (!has && r.is != NOT_FOUND)
		return r;
	TRY(sending_count(c->services->store, c->person.account, clock_now(),
	    &used));
	return api_give(c,
	    json_pack("{so so}", "hour",
	        json_of(used.hour,
	            limit_of(has, has ? own.hour : 0, conf->send_per_hour)),
	        "day",
	        json_of(used.day,
	            limit_of(has, has ? own.day : 0, conf->send_per_day))));
}
