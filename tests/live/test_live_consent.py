"""What the agent sees of questions and answers on a real JVM is what the word list makes of the same texts."""

import base64
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from pia_runtime.instrumentation.agent_build import AGENT, build_agent
from pia_runtime.instrumentation.catalog import load_catalog
from pia_runtime.instrumentation.host import FridaHost, JvmTarget
from pia_runtime.knowledge.consent_words import load_consent_words
from pia_runtime.practice.build import compile_app
from pia_runtime.practice.jdk import find_jdk17

pytestmark = pytest.mark.live

LABELS = Path(__file__).parents[1] / "knowledge" / "data" / "consent_labels.yaml"
TC_ALL = "CQbVxEAQbVxEAAfACBDEB4EoAP_gAEIAAAYgF5wAoAAgAUAvMAAAAAAA"

# Bodies as in the named libraries as far as a hook can tell: what is called by whom, and which fields hold what.
STUBS = {
    "android/widget/CompoundButton": """
public abstract class CompoundButton extends Button {
    private boolean mChecked;
    public CompoundButton(android.content.Context context) { super(context); }
    public boolean isChecked() { return mChecked; }
    public void toggle() { mChecked = !mChecked; }
    @Override public boolean performClick() { toggle(); return super.performClick(); }
}""",
    "android/widget/CheckBox": """
public class CheckBox extends CompoundButton { public CheckBox(android.content.Context context) { super(context); } }""",
    "android/webkit/WebView": """
public class WebView extends android.view.ViewGroup { public WebView(android.content.Context context) { super(context); } }""",
    "android/view/accessibility/AccessibilityNodeInfo": """
public class AccessibilityNodeInfo {
    final String text; final boolean clickable; final int[] children;
    public AccessibilityNodeInfo(String text, boolean clickable, int... children) { this.text = text; this.clickable = clickable; this.children = children; }
    public CharSequence getText() { return text; }
    public CharSequence getContentDescription() { return null; }
    public boolean isClickable() { return clickable; }
    public boolean isCheckable() { return false; }
    public boolean isChecked() { return false; }
    public void getBoundsInScreen(android.graphics.Rect out) { out.top = clickable ? 100 : 0; }
    public int getChildCount() { return children.length; }
    public long getChildId(int index) { return ((long) children[index] << 32) | 5; }
}""",
    "android/view/accessibility/AccessibilityNodeProvider": """
public class AccessibilityNodeProvider {
    public AccessibilityNodeInfo createAccessibilityNodeInfo(int id) {
        return switch (id) {
            case -1 -> new AccessibilityNodeInfo(null, false, 1, 2);
            case 1 -> new AccessibilityNodeInfo("Read our Privacy Policy", false);
            case 2 -> new AccessibilityNodeInfo("Agree", true);
            default -> null;
        };
    }
}""",
    "android/graphics/Rect": """
public class Rect { public int top; public boolean contains(int x, int y) { return y >= top && y < top + 50; } }""",
    "android/view/MotionEvent": """
public class MotionEvent {
    final int action; final float y;
    public MotionEvent(int action, float y) { this.action = action; this.y = y; }
    public int getActionMasked() { return action; }
    public float getRawX() { return 0; }
    public float getRawY() { return y; }
}""",
    "androidx/compose/ui/platform/AndroidComposeView": """
public class AndroidComposeView extends android.view.ViewGroup {
    public int touched;
    public AndroidComposeView(android.content.Context context) { super(context); }
    public boolean dispatchTouchEvent(android.view.MotionEvent event) { touched++; return true; }
    public android.view.accessibility.AccessibilityNodeProvider getAccessibilityNodeProvider() { return new android.view.accessibility.AccessibilityNodeProvider(); }
}""",
    "com/tencent/mmkv/MMKV": """
public class MMKV {
    private final java.util.Map<String, Object> map = new java.util.HashMap<>();
    public boolean encode(String key, boolean value) { map.put(key, value); return true; }
    public boolean encode(String key, String value) { map.put(key, value); return true; }
    public boolean containsKey(String key) { return map.containsKey(key); }
    public boolean decodeBool(String key) { return (Boolean) map.get(key); }
    public String decodeString(String key) { return (String) map.get(key); }
}""",
    "androidx/datastore/preferences/core/Preferences": """
public abstract class Preferences {
    public static final class Key<T> { private final String name; public Key(String name) { this.name = name; } public String getName() { return name; } }
    public abstract <T> T get(Key<T> key);
}""",
    "androidx/datastore/preferences/core/MutablePreferences": """
public final class MutablePreferences extends Preferences {
    private final java.util.Map<String, Object> map = new java.util.HashMap<>();
    @SuppressWarnings("unchecked") public <T> T get(Preferences.Key<T> key) { return (T) map.get(key.getName()); }
    public <T> void set(Preferences.Key<T> key, T value) { map.put(key.getName(), value); }
}""",
    "com/umeng/commonsdk/UMConfigure": """
public class UMConfigure { static boolean told; public static void submitPolicyGrantResult(android.content.Context context, boolean granted) { told = granted; } }""",
    "com/google/firebase/analytics/FirebaseAnalytics": """
public class FirebaseAnalytics {
    public enum ConsentType { AD_STORAGE, ANALYTICS_STORAGE } public enum ConsentStatus { GRANTED, DENIED }
    java.util.Map<?, ?> told;
    public void setConsent(java.util.Map<ConsentType, ConsentStatus> told) { this.told = told; }
}""",
    "com/bytedance/sdk/openadsdk/TTCustomController": """
public abstract class TTCustomController { public boolean isCanUseLocation() { return true; } public boolean isCanUsePhoneState() { return true; } }""",
    "com/bytedance/sdk/openadsdk/TTAdConfig": """
public class TTAdConfig { public static class Builder {
    TTCustomController controller;
    public Builder customController(TTCustomController controller) { this.controller = controller; return this; }
    public boolean locate() { return controller.isCanUseLocation() | controller.isCanUsePhoneState(); }
} }""",
    "Screens": """
import android.app.*; import android.content.*; import android.view.*; import android.widget.*; import java.nio.charset.StandardCharsets; import java.nio.file.*; import java.util.*;
public class Screens {
    static final Context CONTEXT = new ContextImpl("com.example.loan");
    static class Controller extends com.bytedance.sdk.openadsdk.TTCustomController { public boolean isCanUseLocation() { return false; } }
    public static void main(String[] args) throws Exception {
        switch (args[0]) {
            case "labels" -> { for (String line : Files.readAllLines(Path.of(args[1]))) press(new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8)); }
            case "box" -> box();
            case "dialogs" -> dialogs();
            case "stores" -> stores();
            case "sdks" -> sdks();
        }
        System.exit(0);
    }
    static ViewGroup window(View... views) { ViewGroup root = new ViewGroup(CONTEXT); for (View view : views) root.addView(view); return root; }
    static <T extends TextView> T with(T view, String text) { view.setText(text); view.setOnClickListener(v -> { }); return view; }
    static TextView text(String text) { TextView view = new TextView(CONTEXT); view.setText(text); return view; }
    static void press(String label) {
        Button button = with(new Button(CONTEXT), label);
        window(text("请阅读《隐私政策》"), with(new Button(CONTEXT), "同意"), button);
        button.performClick();
    }
    static void box() {
        CheckBox box = with(new CheckBox(CONTEXT), "我已阅读并同意《隐私政策》");
        Button login = with(new Button(CONTEXT), "登录");
        window(box, login);
        login.performClick(); box.performClick(); box.performClick(); login.performClick(); box.performClick(); login.performClick();
    }
    static void dialogs() {
        Dialog compose = new Dialog(CONTEXT);
        var surface = new androidx.compose.ui.platform.AndroidComposeView(CONTEXT);
        compose.setContentView(surface);
        compose.show();
        surface.dispatchTouchEvent(new MotionEvent(0, 20)); surface.dispatchTouchEvent(new MotionEvent(1, 120));
        surface.dispatchTouchEvent(new MotionEvent(0, 120)); surface.dispatchTouchEvent(new MotionEvent(2, 121)); surface.dispatchTouchEvent(new MotionEvent(1, 122));
        Dialog page = new Dialog(CONTEXT);
        page.setContentView(new android.webkit.WebView(CONTEXT));
        page.show();
        View icon = new View(CONTEXT); icon.setContentDescription("同意"); icon.setOnClickListener(v -> { });
        window(text("隐私政策"), icon);
        icon.performClick();
    }
    static void stores() {
        com.tencent.mmkv.MMKV mmkv = new com.tencent.mmkv.MMKV();
        mmkv.encode("privacy_agreed", true); mmkv.encode("privacy_agreed", true); mmkv.encode("privacy_agreed", false); mmkv.encode("volume", true);
        var store = new androidx.datastore.preferences.core.MutablePreferences();
        var key = new androidx.datastore.preferences.core.Preferences.Key<Boolean>("user_consent");
        store.set(key, true); store.set(key, true);
        SharedPreferences preferences = CONTEXT.getSharedPreferences("default", 0);
        preferences.edit().putString("IABTCF_TCString", "TC_ALL").apply();
    }
    static void sdks() {
        com.umeng.commonsdk.UMConfigure.submitPolicyGrantResult(CONTEXT, true);
        com.umeng.commonsdk.UMConfigure.submitPolicyGrantResult(CONTEXT, false);
        var mode = new EnumMap<com.google.firebase.analytics.FirebaseAnalytics.ConsentType, com.google.firebase.analytics.FirebaseAnalytics.ConsentStatus>(com.google.firebase.analytics.FirebaseAnalytics.ConsentType.class);
        mode.put(com.google.firebase.analytics.FirebaseAnalytics.ConsentType.AD_STORAGE, com.google.firebase.analytics.FirebaseAnalytics.ConsentStatus.DENIED);
        mode.put(com.google.firebase.analytics.FirebaseAnalytics.ConsentType.ANALYTICS_STORAGE, com.google.firebase.analytics.FirebaseAnalytics.ConsentStatus.GRANTED);
        new com.google.firebase.analytics.FirebaseAnalytics().setConsent(mode);
        new com.bytedance.sdk.openadsdk.TTAdConfig.Builder().customController(new Controller()).locate();
    }
}""",
}


@pytest.fixture(scope="module")
def screens(tmp_path_factory) -> list[str]:
    """The command that shows screens and presses what is on them."""
    if not AGENT.exists():
        build_agent(Path(__file__).parents[2])
    source, classes = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("classes")
    framework = compile_app()
    for name, text in STUBS.items():
        file = source / f"{name}.java"
        file.parent.mkdir(parents=True, exist_ok=True)
        package = name.rpartition("/")[0].replace("/", ".")
        head = f"package {package};\n" if package else ""
        file.write_text(head + text.replace("TC_ALL", TC_ALL), encoding="utf-8")
    java = find_jdk17() / "bin" / "java"
    files = [str(path) for path in source.rglob("*.java")]
    javac = [str(java.with_name("javac")), "--release", "17", "-cp", str(framework), "-d", str(classes), *files]
    subprocess.run(javac, check=True, env={"LC_ALL": "C.UTF-8"})
    return [str(java), "-Dfile.encoding=UTF-8", "-cp", f"{classes}:{framework}", "Screens"]


@pytest.fixture
def seen(screens):
    """Run the program and return what was recorded."""

    def run(*arguments: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        ended = threading.Event()
        target = JvmTarget([*screens, *arguments], process="com.example.loan")
        host = FridaHost(target, load_catalog(), on_event=events.append, on_detached=lambda _: ended.set())
        host.start()
        assert ended.wait(60)
        host.stop()
        return events

    return run


def consents(events, *fields):
    return [tuple(event[field] for field in fields) for event in events if event["type"] == "consent"]


def gaps(events):
    return [event["detail"].partition(" ")[0] for event in events if event["type"] == "gap"]


def test_every_labelled_text_means_the_same_on_a_real_button(seen, tmp_path):
    content = yaml.safe_load(LABELS.read_text(encoding="utf-8"))
    texts = [
        str(text)
        for meaning in ("given", "refused", "withdrawn", "nothing")
        for texts in content[meaning].values()
        for text in texts
    ]
    file = tmp_path / "labels"
    file.write_text("\n".join(base64.b64encode(text.encode()).decode() for text in texts), encoding="ascii")
    judged: list[list[Any]] = []
    for event in seen("labels", str(file)):
        if event["type"] == "ui":
            judged.append([event["text"], None])
        elif event["type"] == "consent":
            judged[-1][1] = event["signal"]
    words = load_consent_words()
    # A lone press on 撤回同意 withdraws nothing; everything else is what the list says of the text.
    expected = [[text, None if words.judge_tap(text) == "withdrawn" else words.judge_tap(text)] for text in texts]
    assert judged == expected


def test_a_box_agrees_only_while_it_is_ticked_and_the_button_is_pressed(seen):
    events = seen("box")
    assert [event.get("checked") for event in events if event["type"] == "ui"] == [None, True, False, None, True, None]
    assert consents(events, "signal", "text") == [("given", "我已阅读并同意《隐私政策》 → 登录")]


def test_compose_is_read_by_its_semantics_and_a_web_page_is_a_gap(seen):
    events = seen("dialogs")
    assert consents(events, "signal", "source", "text") == [
        ("requested", "ui_tree", "Read our Privacy Policy | Agree"),
        ("given", "tap", "Agree"),
        ("given", "tap", "同意"),
    ]
    assert gaps(events) == ["android.webkit.WebView"]


def test_stores_speak_when_their_value_changes_and_not_before(seen):
    events = seen("stores")
    assert consents(events, "signal", "source", "text")[:2] == [
        ("given", "preference", "privacy_agreed=True"),
        ("withdrawn", "preference", "privacy_agreed=False"),
    ]
    assert ("given", "preference", "user_consent=True") in consents(events, "signal", "source", "text")
    (iab,) = [event for event in events if event.get("raw") == TC_ALL]
    assert (iab["signal"], iab["scope"], iab["purposes"][0], iab["cmp_id"]) == ("given", "policy", 1, 31)
    assert len(consents(events, "signal")) == 4


def test_what_sdks_are_told_is_about_them_with_the_moment_and_the_caller(seen):
    events = [event for event in seen("sdks") if event["type"] == "consent"]
    assert [(event["signal"], event["scope"]) for event in events] == [
        ("given", "sdk:umeng_analytics"),
        ("withdrawn", "sdk:umeng_analytics"),
        ("given", "sdk:firebase_analytics"),
        ("refused", "sdk:csj_pangle/location_precise"),
        ("given", "sdk:csj_pangle/imei"),
    ]
    assert {event["source"] for event in events} == {"sdk_call"}
    assert events[0]["stack"][0].startswith("Screens.sdks(")
    assert events[2]["purposes"] == {"AD_STORAGE": False, "ANALYTICS_STORAGE": True}
