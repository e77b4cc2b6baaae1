import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;

/** mongo-java-server that names itself 5.0, wire version 13: PyMongo refuses less. */
public final class Mongo {
    public static void main(String[] port) throws InterruptedException {
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
        new MongoServer(backend).bind("127.0.0.1", Integer.parseInt(port[0]));
        Thread.currentThread().join();
    }
}
