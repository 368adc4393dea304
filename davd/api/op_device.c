/* Profiles, links and codes. */
#include "davd/api/routes.h"

#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/clock.h"
#include "profiles/qr.h"

static struct device_order
order_of(const struct api_call *c, view kind, view language)
{
	return (struct device_order){
		.store = c->services->store,
		.conf = c->services->conf,
		.account = c->person.account,
		.kind = view_eq(kind, VIEW("mail")) ? PROFILE_MAIL
						    : PROFILE_FULL,
		.language = profile_language_of(language),
		.label = api_text(c->body, "label"),
		.signer = c->services->signer,
		.now = clock_now(),
	};
}

static result
give_profile(struct api_call *c, const struct device_order *order)
{
	struct device device = device_new();
	struct arena *arena = c->request->arena;
	view file = device_file_name(arena, view_of(c->session.address),
	    order->kind);
	result r = device_profile(order, &device);

	if (r.is == OK) {
		c->answer->status = c->route->status;
		buf_add(&c->answer->body, buf_view(&device.out));
		answer_header(c->answer, "Content-Type",
		    view_of(c->route->media));
		answer_header(c->answer, "Content-Disposition",
		    arena_print(arena, "attachment; filename=\"%.*s\"",
		        (int)file.n, file.p));
	}
	device_free(&device);
	return r;
}

result
op_profile(struct api_call *c)
{
	struct device_order order;
	view kind, language;

	TRY(api_parameter(c, "kind", &kind));
	TRY(api_parameter(c, "language", &language));
	order = order_of(c, kind, language);
	return give_profile(c, &order);
}

result
op_profile_make(struct api_call *c)
{
	struct device_order order = order_of(c, api_text(c->body, "kind"),
	    api_text(c->body, "language"));

	order.app_password = true;
	return give_profile(c, &order);
}

static json_t *
device_json(const struct device *d, view picture, int64_t expires)
{
	json_t *o = json_pack("{so so}", "text",
	    api_string(buf_view(&d->out)), "qr_svg", api_string(picture));

	if (o != NULL && expires != 0)
		(void)json_object_set_new(o, "expires",
		    json_integer(expires));
	if (o != NULL && d->app.id != 0)
		(void)json_object_set_new(o, "app_password",
		    json_integer(d->app.id));
	return o;
}

static result
give_device(struct api_call *c, const struct device_order *order,
    enum device_app app, struct device *device)
{
	struct buf picture = buf_new(LIMIT_QR_IMAGE);
	result r = device_text(order, app, device);

	if (r.is == OK)
		r = qr_write(buf_view(&device->out), QR_SVG, &picture);
	if (r.is == OK)
		r = api_give(c, device_json(device, buf_view(&picture),
		    app == DEVICE_IPHONE
		        ? order->now + LIMIT_ONE_TIME_SECONDS
		        : 0));
	if (r.is != OK)
		device_undo(order, device);
	secret_wipe(picture.p, picture.n);
	buf_free(&picture);
	return r;
}

result
op_device(struct api_call *c)
{
	struct device_order order = order_of(c, api_text(c->body, "kind"),
	    api_text(c->body, "language"));
	struct device device = device_new();
	view name = api_text(c->body, "app");
	size_t app = 0;
	result r;

	while (app + 1 < DEVICE_APPS
	    && !view_eq(view_of(device_app_names[app]), name))
		app++;
	order.app_password = api_is(c->body, "app_password");
	r = give_device(c, &order, (enum device_app)app, &device);
	device_free(&device);
	return r;
}
