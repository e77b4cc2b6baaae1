import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;

/** mongo-java-server that names itself 5.0, wire version 13: PyMongo refuses less. */
public final class Mongo {
    /** Port; and for TLS the PEM files of an EC key (PKCS #8) and of its certificate. */
    public static void main(String[] said) throws Exception {
        MongoVersion five = new MongoVersion() {
            @Override
            public List<Integer> getVersionArray() {
                return List.of(5, 0, 0);
            }

            @Override
            public int getWireVersion() {
                return 13;
            }
        };
        MemoryBackend backend = new MemoryBackend();
        backend.version(five);
        MongoServer server = new MongoServer(backend);
        if (said.length > 1) {
            server.enableSsl(key(Path.of(said[1])), null, certificate(Path.of(said[2])));
        }
        server.bind("127.0.0.1", Integer.parseInt(said[0]));
        Thread.currentThread().join();
    }

    private static PrivateKey key(Path pem) throws Exception {
        String body = Files.readString(pem).replaceAll("-----[A-Z ]+-----|\\s", "");
        byte[] der = Base64.getDecoder().decode(body);
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    private static X509Certificate certificate(Path pem) throws Exception {
        ByteArrayInputStream bytes = new ByteArrayInputStream(Files.readAllBytes(pem));
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        return (X509Certificate) factory.generateCertificate(bytes);
    }
}
