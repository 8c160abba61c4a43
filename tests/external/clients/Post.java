import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Posts standard input to a URL, with the JDK's client, which by default offers an upgrade to HTTP/2. */
public class Post {
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        String body = new String(System.in.readAllBytes());
        // The second request goes over the connection of the first.
        for (int number = 0; number < 2; number++) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0]))
                .header("Authorization", "Bearer " + System.getenv("CLEVORA_API_KEY"))
                .header("Content-Type", "application/json")
                .POST(publisher(arguments[1], body))
                .build();
            HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
            System.out.println(response.statusCode() + " " + response.version() + " " + response.body());
        }
    }

    private static HttpRequest.BodyPublisher publisher(String framing, String body) {
        HttpRequest.BodyPublisher whole = HttpRequest.BodyPublishers.ofString(body);
        return framing.equals("length") ? whole : HttpRequest.BodyPublishers.fromPublisher(whole);
    }
}
