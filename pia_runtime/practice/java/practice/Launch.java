package practice;

import android.app.ActivityThread;
import com.example.loan.LoanApplication;
import com.example.loan.MainActivity;
import com.example.loan.SettingsActivity;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Starts the app and plays its user.
 *
 * <p>Arguments, all as name=value: {@code profile}, {@code truth}, {@code scenario} (never, accept, refuse, accept-then-withdraw),
 * {@code proxy} (host:port), {@code ca} (PEM file), {@code halt} (true: the process dies at the user's choice).
 */
public final class Launch {
    private static final long STEP_MS = 300;

    private Launch() {}

    public static void main(String[] args) throws Exception {
        Map<String, String> options = parse(args);
        DeviceProfile.load(Path.of(options.get("profile")));
        TruthLog.open(Path.of(options.get("truth")));
        String[] proxy = options.get("proxy").split(":");
        Https.configure(proxy[0], Integer.parseInt(proxy[1]), Path.of(options.get("ca")));
        ActivityThread system = new ActivityThread();
        system.handleBindApplication(new LoanApplication(), "com.example.loan");
        Pause.millis(STEP_MS);
        MainActivity activity = new MainActivity();
        system.handleLaunchActivity(activity);
        Pause.millis(STEP_MS);
        Thread user = new Thread(() -> play(options, system, activity), "user");
        user.start();
        user.join();
        system.handleStopActivity(activity);
        System.exit(0);
    }

    private static Map<String, String> parse(String[] args) {
        Map<String, String> options = new LinkedHashMap<>();
        for (String argument : args) {
            String[] parts = argument.split("=", 2);
            options.put(parts[0], parts[1]);
        }
        return options;
    }

    private static void play(Map<String, String> options, ActivityThread system, MainActivity activity) {
        activity.onWindowFocusChanged(true);
        Pause.millis(STEP_MS);
        if (Boolean.parseBoolean(options.get("halt"))) {
            Runtime.getRuntime().halt(137);
        }
        switch (options.get("scenario")) {
            case "never" -> activity.onUserLeavesDialogOpen();
            case "accept" -> activity.consentDialog().accept();
            case "refuse" -> activity.consentDialog().refuse();
            case "accept-then-withdraw" -> acceptAndWithdraw(system, activity);
            default -> throw new IllegalArgumentException("unknown scenario " + options.get("scenario"));
        }
        activity.awaitQuiet();
        Pause.millis(STEP_MS);
    }

    private static void acceptAndWithdraw(ActivityThread system, MainActivity activity) {
        activity.consentDialog().accept();
        activity.awaitQuiet();
        Pause.millis(STEP_MS);
        SettingsActivity settings = new SettingsActivity(activity);
        system.handleLaunchActivity(settings);
        system.handleStopActivity(activity);
        Pause.millis(STEP_MS);
        settings.withdraw();
        system.handleResumeActivity(activity);
        system.handleStopActivity(settings);
    }
}
