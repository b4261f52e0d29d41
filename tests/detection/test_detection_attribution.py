"""Who took the data, by stack and by host."""

import pytest

from pia_runtime.detection.attribution import actor_of_host, actor_of_stack, actors_of_stacks, recipient_of_host
from pia_runtime.knowledge.sdks import SdkIndex, load_sdks
from pia_runtime.model.detection import Actor

APP = "com.example.loan"
READ = "android.telephony.TelephonyManager.getDeviceId(TelephonyManager.java:1720)"
MAIN = "com.example.loan.MainActivity.onCreate(MainActivity.java:31)"
THREAD = "java.lang.Thread.run(Thread.java:920)"


@pytest.fixture(scope="module")
def sdks() -> SdkIndex:
    return load_sdks()


@pytest.mark.parametrize(
    ("frames", "kind", "name"),
    [
        ([READ, MAIN], "app", APP),
        ([READ, "cn.adspark.sdk.Collector.collect(Collector.java:4)", MAIN], "sdk", "adspark"),
        ([READ, MAIN, "cn.adspark.sdk.Callback.run(Callback.java:4)"], "app", APP),
        (
            [READ, "java.lang.reflect.Method.invoke(Native Method)", "com.riskeye.Probe.scan(P.java:7)"],
            "sdk",
            "riskeye",
        ),
        ([READ, "com.sun.proxy.$Proxy4.getDeviceId(Unknown Source)", MAIN], "app", APP),
        ([READ, "$Proxy12.getDeviceId(Unknown Source)", MAIN], "app", APP),
        ([READ, "okhttp3.internal.Foo.run(Foo.kt:1)", MAIN], "app", APP),
        ([READ, THREAD], "system", None),
        ([READ, "okhttp3.internal.connection.RealCall.run(RealCall.kt:517)", THREAD], "unknown", None),
        ([READ, "a.b.c.d(SourceFile:12)", THREAD], "unknown", None),
        ([READ, "a.b.c.d(SourceFile:12)", MAIN], "unknown", None),
        ([READ, "com.a.b.c(SourceFile:12)", MAIN], "unknown", None),
        (
            [READ, "a.b.c.d(SourceFile:12)", "com.umeng.commonsdk.UMConfigure.init(X.java:1)", MAIN],
            "sdk",
            "umeng_analytics",
        ),
        ([READ, "com.example.loan.a.b.c(SourceFile:1)"], "app", APP),
        ([READ, "com.example.loanshark.Foo.run(Foo.java:1)", THREAD], "unknown", None),
        ([READ, "com.umengineering.Foo.run(Foo.java:1)", THREAD], "unknown", None),
        ([READ, "some.helper.Tool.read(Tool.java:1)", MAIN], "app", APP),
        (["com.google.android.gms.ads.identifier.AdvertisingIdClient.getAdvertisingIdInfo(X:1)", MAIN], "app", APP),
        ([READ, "com.example.loan.Foo$$Lambda$4/0x0000000800c03000.run(Unknown Source)", THREAD], "app", APP),
        ([READ, "com.example.loan.Foo$$ExternalSyntheticLambda0.run(D8$$SyntheticClass)", THREAD], "app", APP),
        ([READ, "com.example.loan.-$$Lambda$Foo$x1Ab.run(lambda)", THREAD], "app", APP),
        ([READ, "\tat app//com.politemetrics.Metrics.init(Metrics.java:2)", MAIN], "sdk", "politemetrics"),
        ([READ, "Lcom/stickypush/Daemon;->wake()V", MAIN], "sdk", "stickypush"),
        ([READ, "libumeng-spy.so!0x1a2b", THREAD], "sdk", "umeng_analytics"),
        ([READ, "/data/app/x/lib/arm64/libjcore280.so (0x12)", THREAD], "sdk", "jiguang_jcore"),
        ([], "unknown", None),
        ([""], "unknown", None),
        (["garbage that is no frame at all"], "unknown", None),
    ],
)
def test_the_innermost_telling_frame_decides(frames, kind, name, sdks):
    actor = actor_of_stack(frames, APP, sdks)
    assert (actor.kind, actor.id) == (kind, name)


def test_the_longest_prefix_wins_over_a_broader_one(sdks):
    assert actor_of_stack(["com.huawei.hms.analytics.Foo.run(F:1)"], "", sdks).id == "hms_analytics"
    assert actor_of_stack(["com.huawei.hms.location.Foo.run(F:1)"], "", sdks).id == "hms_push"


def test_an_app_inside_an_sdk_namespace_is_still_the_app(sdks):
    assert actor_of_stack(["com.facebook.katana.Main.run(M:1)"], "com.facebook.katana", sdks).kind == "app"


def test_an_sdk_inside_the_app_namespace_is_still_the_sdk(sdks):
    assert actor_of_stack(["com.tencent.mm.opensdk.A.b(A:1)"], "com.tencent.mm", sdks).id == "wechat_opensdk"


def test_without_a_package_no_frame_is_the_app(sdks):
    assert actor_of_stack([READ, MAIN], "", sdks) == Actor("unknown")


def test_many_stacks_give_what_single_ones_give(sdks):
    stacks = ["\n".join([READ, MAIN]), "\n".join([READ, THREAD]), "", "\n".join([READ, MAIN])]
    assert actors_of_stacks(stacks, APP, sdks) == [actor_of_stack(stack.split("\n"), APP, sdks) for stack in stacks]


@pytest.mark.parametrize(
    ("host", "domain", "company", "third_party"),
    [
        ("api.loan.example", "loan.example", None, False),
        ("API.Loan.Example.:443", "loan.example", None, False),
        ("cdn.example.com", "example.com", None, False),
        ("track.adspark.example", "adspark.example", "星火广告(示例)", True),
        ("notadspark.example", "notadspark.example", None, None),
        ("ulogs.umeng.com", "umeng.com", "友盟同欣（北京）科技有限公司", True),
        ("bucket.oss-cn-hangzhou.aliyuncs.com", None, "阿里云计算有限公司", None),
        ("backend.unheard-of.cn", "unheard-of.cn", None, None),
        ("203.0.113.9", "203.0.113.9", None, None),
        ("127.0.0.1", "127.0.0.1", None, False),
        ("[::1]:8080", "::1", None, False),
        ("2001:db8::1", "2001:db8::1", None, None),
        ("localhost", "localhost", None, False),
        ("", "", None, None),
    ],
)
def test_a_host_is_first_third_or_undecided(host, domain, company, third_party, sdks):
    recipient = recipient_of_host(host, APP, sdks)
    assert domain is None or recipient.domain == domain
    assert (recipient.company, recipient.third_party) == (company, third_party)


def test_stated_hosts_of_the_app_are_first_party(sdks):
    assert recipient_of_host("203.0.113.9", APP, sdks, app_hosts={"203.0.113.9"}).third_party is False
    assert recipient_of_host("x.unheard-of.cn", APP, sdks, app_hosts={"unheard-of.cn"}).third_party is False


def test_a_company_keeps_its_other_domains(sdks):
    assert recipient_of_host("short.weixin.com", "com.qq.reader", sdks).third_party is False


def test_a_shared_word_proves_no_party_for_a_known_company(sdks):
    assert recipient_of_host("sdk.appsflyer.com", "com.acme.appsflyer", sdks).third_party is True


@pytest.mark.parametrize(
    ("host", "kind", "name"),
    [
        ("ulogs.umeng.com", "sdk", "umeng_analytics"),
        ("api.loan.example", "app", APP),
        ("backend.unheard-of.cn", "unknown", None),
        ("203.0.113.9", "unknown", None),
        ("localhost", "unknown", None),
    ],
)
def test_without_a_stack_the_host_speaks(host, kind, name, sdks):
    actor = actor_of_host(host, APP, sdks)
    assert (actor.kind, actor.id) == (kind, name)


def test_a_native_stack_of_nothing_but_the_systems_libraries_is_the_system_and_any_other_library_leaves_it_open():
    sdks = load_sdks()
    platform = ["libjava.so!GetJavaProperties+0x7c", "libc.so.6!0x7e758", "ld-linux-x86-64.so.2!0x8c27"]
    assert actor_of_stack(platform, "com.example.loan", sdks).kind == "system"
    assert actor_of_stack([*platform, "libinspect.so!0x10"], "com.example.loan", sdks).kind == "unknown"
    assert actor_of_stack([*platform, "com.example.loan.A.run(A.java:1)"], "com.example.loan", sdks).kind == "app"
    assert actor_of_stack([*platform, "0x7f0012345678"], "com.example.loan", sdks).kind == "unknown"
