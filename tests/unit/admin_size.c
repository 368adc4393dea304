/* Sizes as people write them. */
#include "mailcore/admin/size.h"
#include "tests/tap.h"

static void
test_good(void)
{
	static const struct {
		const char *text;
		int64_t bytes;
		const char *again;
	} cases[] = {
		{ "none", 0, "" },
		{ "1", 1, "1" },
		{ "1000000000", 1000000000, "1000000000" },
		{ "1K", 1024, "1K" },
		{ "1024K", 1048576, "1M" },
		{ "500M", (int64_t)500 << 20, "500M" },
		{ " 5 gb ", (int64_t)5 << 30, "5G" },
		{ "2Gio", (int64_t)2 << 30, "2G" },
		{ "2 Mo", (int64_t)2 << 20, "2M" },
		{ "10GiB", (int64_t)10 << 30, "10G" },
		{ "1.5G", (int64_t)1536 << 20, "1536M" },
		{ "1,25 MB", (int64_t)1280 << 10, "1280K" },
		{ "0.5K", 512, "512" },
		{ "8T", (int64_t)8 << 40, "8T" },
		{ "8192G", (int64_t)8 << 40, "8T" },
		{ "8796093022208", (int64_t)8 << 40, "8T" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf again = buf_new(64);
		int64_t bytes = -1;

		ok(size_read(view_of(cases[i].text), &bytes)
		    && bytes == cases[i].bytes, "%s", cases[i].text);
		size_write(bytes, &again);
		same(buf_view(&again), view_of(cases[i].again), "written");
		buf_free(&again);
	}
}

static void
test_bad(void)
{
	static const char *const bad[] = { "", " ", "0", "0M", "-1", "lots",
		"G", "B", "500X", "500MX", "500MBB", "5 5G", "1.G", ".5G",
		"1.5", "1,000M", "1.000M", "1.5.5G", "8796093022209",
		"8193G", "8.01T", "9T", "99999999999999999999", "None",
		"5\xc2\xa0G", "5G\xff" };

	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t bytes = -1;

		ok(!size_read(view_of(bad[i]), &bytes) && bytes == 0,
		    "no size: %s", bad[i]);
	}
	{
		int64_t bytes = -1;

		ok(!size_read((view){ "5\0", 2 }, &bytes), "a NUL");
	}
}

int
main(void)
{
	test_good();
	test_bad();
	return tap_done();
}
