package forebay.compat.flink;

/** A case that cannot run here; the message says why. */
final class Skipped extends RuntimeException {
  Skipped(String reason) {
    super(reason);
  }
}
