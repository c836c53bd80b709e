var app = WebApplication.Create(args);
app.MapGet("/ready", () => "ready");
app.MapGet("/parcels/{id}", (string id) => new { id, state = "on its way" });
app.Run();
