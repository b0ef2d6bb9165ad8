package com.example.posts;

import io.micronaut.runtime.Micronaut;

/** Starts the application. */
public final class Application {
  private Application() {}

  public static void main(String[] args) {
    Micronaut.run(Application.class, args);
  }
}
