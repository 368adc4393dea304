/* /device: a profile, or a code that sets a device up.  What it shows is
 * shown once, so it is the answer to the form itself. */
#include "davd/page_person.h"

#include "davd/web/platform.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/clock.h"
#include "profiles/device.h"
#include "profiles/qr.h"

static const struct {
	const char *flag, *heading;
} looks[DEVICE_APPS] = {
	[DEVICE_IPHONE] = { "is_iphone", "device.heading.iphone" },
	[DEVICE_THUNDERBIRD] = { "is_thunderbird",
	    "device.heading.thunderbird" },
	[DEVICE_DAVX5] = { "is_davx5", "device.heading.davx5" },
};

/* false: that app is none. */
static bool
app_named(view name, enum device_app *out)
{
	for (size_t i = 0; i < DEVICE_APPS; i++)
		if (view_eq(name, view_of(device_app_names[i]))) {
			*out = (enum device_app)i;
			return true;
		}
	return false;
}

static struct device_order
order_of(const struct page *p)
{
	const struct api_services *api = &p->services->api;
	view variant = form_value(&p->form, VIEW("variant"));

	return (struct device_order){ .store = api->store,
		.conf = api->conf,
		.account = p->session.account,
		.kind = view_starts(variant, VIEW("mail")) ? PROFILE_MAIL
		                                           : PROFILE_FULL,
		.language = profile_language_of(
		    view_of(text_names[p->language].tag)),
		.app_password = view_ends(variant, VIEW("app")),
		.label = VIEW(""),
		.signer = api->signer,
		.now = clock_now() };
}

/* Handed over as a file: the browser of the very device asks. */
static result
give_file(struct page *p, struct device_order *order,
    struct device *device)
{
	view name = device_file_name(p->request->arena, p->person.address,
	    order->kind);
	enum platform here = platform_of(p->request);

	if (here == PLATFORM_IPHONE)
		order->label = VIEW("iPhone, iPad");
	else if (here == PLATFORM_MAC)
		order->label = VIEW("Mac");
	TRY(device_profile(order, device));
	p->answer->status = 200;
	answer_header(p->answer, "Content-Type",
	    VIEW("application/x-apple-aspen-config"));
	answer_header(p->answer, "Content-Disposition",
	    arena_print(p->request->arena, "attachment; filename=\"%.*s\"",
	        (int)name.n, name.p));
	answer_header(p->answer, "Cache-Control", VIEW("no-store"));
	page_guard(p->answer);
	buf_add(&p->answer->body, buf_view(&device->out));
	return buf_result(&p->answer->body);
}

static result
draw(view text, struct buf *base64)
{
	struct buf picture = buf_new(LIMIT_QR_IMAGE);
	result r = qr_write(text, QR_SVG, &picture);

	encode_base64(base64, buf_view(&picture));
	secret_wipe(picture.p, picture.n);
	buf_free(&picture);
	TRY(r);
	return buf_result(base64);
}

static result
show_code(struct page *p, const struct device_order *order,
    enum device_app app, struct device *device)
{
	struct buf picture = buf_new(2 * LIMIT_QR_IMAGE);
	result r = device_text(order, app, device);

	if (r.is == OK)
		r = draw(buf_view(&device->out), &picture);
	html_text(p->html, "image", buf_view(&picture));
	html_text(p->html, "link", buf_view(&device->out));
	secret_wipe(picture.p, picture.n);
	buf_free(&picture);
	TRY(r);
	html_flag(p->html, looks[app].flag, true);
	html_text(p->html, "heading", page_word(p, looks[app].heading));
	if (device->app.id != 0) {
		html_number(p->html, "app", (uint64_t)device->app.id);
		html_text(p->html, "label", device->app.label);
	}
	page_send(p, "device", "title.device");
	return p->answer->status == 200
	    ? done()
	    : fail(FAILED, "the page could not be made");
}

void
page_device(void *services, const struct request *request,
    struct answer *answer)
{
	struct page p;
	struct device_order order;
	struct device device;
	enum device_app app;
	result r;

	if (!page_begin_person(&p, services, request, answer))
		return;
	if (!page_is_post(&p)) {
		page_go(&p, "/", NULL);
		return;
	}
	if (!app_named(form_value(&p.form, VIEW("app")), &app)) {
		page_fault(&p, 400, "403");
		return;
	}
	order = order_of(&p);
	device = device_new();
	if (app == DEVICE_IPHONE
	    && view_eq(form_value(&p.form, VIEW("as")), VIEW("file")))
		r = give_file(&p, &order, &device);
	else
		r = show_code(&p, &order, app, &device);
	if (r.is != OK)
		device_undo(&order, &device);
	device_free(&device);
	if (r.is == NOT_FOUND || r.is == MALFORMED)
		page_fault(&p, 404, "offer");
	else if (r.is == OVER_LIMIT)
		page_apps_full(&p);
	else if (r.is != OK && answer->status == 0)
		page_fault_of(&p, r);
}
