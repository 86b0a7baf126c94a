/* Sends what is dropped on a page, or chosen in its file fields. */
