package practice;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;

/** The synthetic device: every value that a framework class gives out, read from a properties file. */
public final class DeviceProfile {
    private static final Properties VALUES = new Properties();

    private DeviceProfile() {}

    /** Reads the profile (UTF-8); to be called before any framework class is touched. */
    public static void load(Path file) throws IOException {
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            VALUES.load(reader);
        }
    }

    /** The value, or null where the device has none. */
    public static String get(String name) {
        return VALUES.getProperty(name);
    }

    /** A value that holds a list, its entries joined by "|"; empty where the device has none. */
    public static List<String> list(String name) {
        String text = get(name);
        return text == null || text.isEmpty() ? List.of() : List.of(text.split("\\|"));
    }
}
