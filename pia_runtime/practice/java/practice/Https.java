package practice;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import java.util.Map;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/** HTTPS through the proxy, trusting its authority alone, as a phone with the proxy's certificate installed does. */
public final class Https {
    private static final int TIMEOUT_MS = 10_000;
    private static Proxy proxy;
    private static SSLSocketFactory sockets;

    private Https() {}

    public static void configure(String host, int port, Path authority) throws IOException, GeneralSecurityException {
        proxy = new Proxy(Proxy.Type.HTTP, new InetSocketAddress(host, port));
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream pem = Files.newInputStream(authority)) {
            Collection<? extends Certificate> found = CertificateFactory.getInstance("X.509").generateCertificates(pem);
            int number = 0;
            for (Certificate certificate : found) {
                store.setCertificateEntry("authority" + number++, certificate);
            }
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        sockets = context.getSocketFactory();
    }

    public static void get(String host, String target, Map<String, String> headers) {
        exchange(host, target, headers, null);
    }

    public static void post(String host, String target, String contentType, String body) {
        exchange(host, target, Map.of("Content-Type", contentType), body.getBytes(StandardCharsets.UTF_8));
    }

    private static void exchange(String host, String target, Map<String, String> headers, byte[] body) {
        try {
            HttpsURLConnection connection =
                    (HttpsURLConnection) new URL("https://" + host + target).openConnection(proxy);
            connection.setSSLSocketFactory(sockets);
            connection.setConnectTimeout(TIMEOUT_MS);
            connection.setReadTimeout(TIMEOUT_MS);
            connection.setRequestProperty("User-Agent", "LoanApp/1.8.50");
            headers.forEach(connection::setRequestProperty);
            if (body != null) {
                connection.setDoOutput(true);
                connection.setFixedLengthStreamingMode(body.length);
                try (OutputStream out = connection.getOutputStream()) {
                    out.write(body);
                }
            }
            int status = connection.getResponseCode();
            try (InputStream in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                in.readAllBytes();
            }
            TruthLog.answered(host, Integer.toString(status));
        } catch (IOException error) {
            TruthLog.answered(host, error.toString());
        }
    }
}
