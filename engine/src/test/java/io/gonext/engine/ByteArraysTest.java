package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Both ways: Maven runs this class in a JVM that exports the internal package and in another. */
class ByteArraysTest {
  private static final long BITS = 0xFEDC_BA98_7654_3210L;

  /** A kind of number: how both ways write and read it. */
  record Kind(String name, int bytes, Writer writer, Reader reader, Reader expected) {
    @Override
    public String toString() {
      return name;
    }
  }

  interface Writer {
    void write(byte[] bytes, int index);
  }

  interface Reader {
    Object read(byte[] bytes, int index);
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static List<Kind> kinds() {
    double real = Double.longBitsToDouble(BITS);
    return List.of(
        new Kind(
            "short",
            Short.BYTES,
            (bytes, index) -> ByteArrays.setShort(bytes, index, (short) BITS),
            ByteArrays::getShort,
            (bytes, index) -> little(bytes).getShort(index)),
        new Kind(
            "int",
            Integer.BYTES,
            (bytes, index) -> ByteArrays.setInt(bytes, index, (int) BITS),
            ByteArrays::getInt,
            (bytes, index) -> little(bytes).getInt(index)),
        new Kind(
            "long",
            Long.BYTES,
            (bytes, index) -> ByteArrays.setLong(bytes, index, BITS),
            ByteArrays::getLong,
            (bytes, index) -> little(bytes).getLong(index)),
        new Kind(
            "float",
            Float.BYTES,
            (bytes, index) -> ByteArrays.setFloat(bytes, index, (float) real),
            ByteArrays::getFloat,
            (bytes, index) -> little(bytes).getFloat(index)),
        new Kind(
            "double",
            Double.BYTES,
            (bytes, index) -> ByteArrays.setDouble(bytes, index, real),
            ByteArrays::getDouble,
            (bytes, index) -> little(bytes).getDouble(index)));
  }

  @Test
  void the_jvm_decides_the_way() {
    assertThat(ByteArrays.IS_UNSAFE).isEqualTo(Boolean.getBoolean("gonext.test.unsafe"));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void numbers_are_little_endian_at_every_index(Kind kind) {
    for (int index = 0; index <= 20 - kind.bytes; index++) {
      var bytes = new byte[20];

      kind.writer.write(bytes, index);

      assertThat(kind.reader.read(bytes, index)).isEqualTo(kind.expected.read(bytes, index));
      int first = index;
      assertThat(IntStream.range(0, bytes.length).filter(i -> bytes[i] != 0))
          .isNotEmpty()
          .allMatch(i -> i >= first && i < first + kind.bytes);
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void an_index_at_which_a_number_does_not_fit_is_refused(Kind kind) {
    for (int length : new int[] {0, 1, kind.bytes - 1, kind.bytes, 20}) {
      int end = Math.max(0, length - kind.bytes + 1);
      Stream.of(-1, end, length, Integer.MAX_VALUE, Integer.MIN_VALUE)
          .forEach(index -> {
            var bytes = new byte[length];
            assertThatThrownBy(() -> kind.reader.read(bytes, index))
                .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> kind.writer.write(bytes, index))
                .isInstanceOf(IndexOutOfBoundsException.class);
            assertThat(bytes).isEqualTo(new byte[length]);
          });
    }
  }
}
