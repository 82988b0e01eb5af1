package io.tenon.error;

/**
 * The world failed and the caller can handle it. Three sentences for a person: what happened, why, and what to do.
 *
 * <p>Each bundle extends it with its own kinds; a face (shell, gRPC) prints {@link #getMessage()} and never a stack trace.
 */
public class TenonException extends Exception {
  private static final long serialVersionUID = 1;

  private final String what;
  private final String why;
  private final String remedy;

  /**
   * @param what what did not happen, with the names of the things involved; a sentence
   * @param why the cause, with expected and found values; a sentence, or empty when {@code what} says it all
   * @param remedy what the reader can do; a sentence, or empty when there is nothing
   */
  public TenonException(String what, String why, String remedy) {
    this.what = what;
    this.why = why;
    this.remedy = remedy;
  }

  public TenonException(String what, String why, String remedy, Throwable cause) {
    this(what, why, remedy);
    initCause(cause);
  }

  private static String join(String... sentences) {
    var joined = new StringBuilder();
    for (String sentence : sentences) {
      if (sentence.isEmpty()) continue;
      if (!joined.isEmpty()) joined.append(' ');
      joined.append(sentence);
    }
    return joined.toString();
  }

  /** All sentences. */
  @Override
  public String getMessage() {
    return join(what, why, remedy);
  }

  public final String what() {
    return what;
  }

  public final String why() {
    return why;
  }

  public final String remedy() {
    return remedy;
  }
}
