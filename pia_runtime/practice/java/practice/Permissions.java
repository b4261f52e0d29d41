package practice;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which permissions the app holds. The practice app targets an old API level, so what it declares is granted at
 * installation; a question asked at run time then has the answer that the scenario gives.
 */
public final class Permissions {
    private static final Set<String> NEVER_FOR_APPS = Set.of("android.permission.READ_PRIVILEGED_PHONE_STATE");
    private static final Map<String, Boolean> ANSWERED = new ConcurrentHashMap<>();
    private static final long ANSWER_AFTER_MS = 150;

    private Permissions() {}

    public static boolean isGranted(String permission) {
        return !NEVER_FOR_APPS.contains(permission) && ANSWERED.getOrDefault(permission, true);
    }

    public static void enforce(String permission) {
        if (!isGranted(permission)) {
            throw new SecurityException("Neither user 10123 nor current process has " + permission + ".");
        }
    }

    /** Puts the question; the scripted user answers after a moment. */
    public static boolean ask(String permission) {
        Pause.millis(ANSWER_AFTER_MS);
        boolean granted = DeviceProfile.list("grants").contains(permission);
        ANSWERED.put(permission, granted);
        return granted;
    }
}
