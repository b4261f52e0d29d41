package android.os;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
/** Laid out as the real one: little-endian words, strings in UTF-16 behind their length, closed by a zero. */
public class Parcel {
    private final ByteBuffer bytes = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    private int size;
    public int dataPosition() { return bytes.position(); }
    public void setDataPosition(int position) { bytes.position(position); }
    public int dataSize() { return size; }
    public void writeInt(int value) { bytes.putInt(value); size = Math.max(size, bytes.position()); }
    public int readInt() { return bytes.position() + 4 > size ? 0 : bytes.getInt(); }
    public void writeString(String value) {
        writeInt(value.length());
        for (char c : (value + "\0").toCharArray()) bytes.putChar(c);
        bytes.position((bytes.position() + 3) & ~3);
        size = Math.max(size, bytes.position());
    }
    public String readString() {
        int length = readInt();
        if (length < 0 || bytes.position() + 2 * (length + 1) > size) return null;
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) text.append(bytes.getChar());
        bytes.position((bytes.position() + 2 + 3) & ~3);
        return text.toString();
    }
    public void writeInterfaceToken(String name) { writeInt(0x42); writeInt(-1); writeInt(0x53595354); writeString(name); }
}
