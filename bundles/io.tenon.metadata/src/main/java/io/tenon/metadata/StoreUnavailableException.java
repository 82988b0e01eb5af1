package io.tenon.metadata;

/** The store could not be asked, or did not answer a question in time. Nothing was changed. */
public final class StoreUnavailableException extends StoreException {
  private static final long serialVersionUID = 1;

  /**
   * @param why a sentence
   * @param remedy a sentence, or empty
   */
  public StoreUnavailableException(String why, String remedy) {
    super("The metadata store cannot be used now; nothing was changed.", why, remedy);
  }
}
