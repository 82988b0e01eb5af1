package io.tenon.metadata;

/**
 * The store was told and did not answer: it may have done it, or may do it at any later time. Only reading tells; and a change with an
 * expected version that is sent again either does it or shows by its conflict that something was done.
 */
public final class OutcomeUnknownException extends StoreException {
  private static final long serialVersionUID = 1;

  /**
   * @param why a sentence
   */
  public OutcomeUnknownException(String why) {
    super(
        "It is not known whether the change was made.",
        why,
        "Read what is there before relying on either.");
  }

  @Override
  public boolean isCertainlyNotDone() {
    return false;
  }
}
